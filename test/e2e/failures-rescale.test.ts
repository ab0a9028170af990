/** What goes wrong on the way into a job of Rescale: what is said, and what to do next. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EmulatedJob } from '../../src/emulator/rescale/emulator.ts';
import { type BaiResult, bai } from '../support/bai.ts';
import { openFullPort } from '../support/full-port.ts';
import { pythonMissing } from '../support/python.ts';
import { makeKey, openRescaleBed, type RescaleBed, until } from '../support/rescale-bed.ts';

type Options = NonNullable<Parameters<typeof openRescaleBed>[0]>;

interface Place extends AsyncDisposable {
  readonly bed: RescaleBed;
  /** `jobs` take no other key than this. */
  readonly line: string;
  run(args: readonly string[], env?: Record<string, string>): Promise<BaiResult>;
  job(fields?: Parameters<RescaleBed['job']>[0]): Promise<EmulatedJob>;
}

async function open(options: Options = {}): Promise<Place> {
  const bed = await openRescaleBed(options);
  const home = join(bed.folder, 'home');
  mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
  const { line, path } = makeKey(join(home, '.ssh'));
  const env = {
    ...{ BAI_PROVIDER: 'rescale', BAI_ENDPOINT: bed.emulator.address, BAI_TOKEN: bed.emulator.apiKey },
    ...{ BAI_IDENTITY: path, BAI_HOST_KEY_CHECKING: 'accept-new' },
  };
  return {
    bed,
    line,
    run: (args, more = {}) => bai(args, { home, env: { ...env, ...more } }),
    job: (fields) => bed.job({ publicKey: line, ...fields }),
    [Symbol.asyncDispose]: () => bed[Symbol.asyncDispose](),
  };
}

async function machineOf(job: EmulatedJob): Promise<void> {
  await until(() => job.nodes.length > 0, 'it has a machine');
}

test.each<[string, Record<string, string>, number, RegExp]>([
  [
    'no API key',
    { BAI_TOKEN: '', BAI_ENDPOINT: '' },
    3,
    /no API key of Rescale is set[\s\S]*User Profile Settings, API/,
  ],
  ['a wrong API key', { BAI_TOKEN: 'wrong' }, 3, /Invalid token[\s\S]*each region has its own/],
  [
    'an address without TLS',
    { BAI_ENDPOINT: 'http://eu.rescale.com' },
    2,
    /is not encrypted: others could read the API key/,
  ],
])('%s', async (_what, env, code, words) => {
  await using here = await open();
  const ran = await here.run(['session', 'list'], env);
  expect([ran.code, ran.stderr]).toEqual([code, expect.stringMatching(words)]);
});

test.each<[number, object, number, RegExp]>([
  [
    402,
    { detail: 'No budget left.' },
    3,
    /No budget left[\s\S]*ask the administrator of your workspace for budget/,
  ],
  [429, { detail: 'Throttled.' }, 5, /Throttled[\s\S]*tried again in 60 minutes/],
  [502, {}, 5, /Rescale or a proxy before it answered 502[\s\S]*try again later/],
  [403, { detail: 'Not from there.' }, 3, /Not from there[\s\S]*only from other addresses than yours/],
])('status %s of the platform', async (status, body, code, words) => {
  await using here = await open();
  const headers = { 'Retry-After': '3600' };
  here.bed.emulator.faults.add({ kind: 'answer', route: 'GET *', status, body, headers });
  const ran = await here.run(['session', 'list']);
  expect([ran.code, ran.stderr]).toEqual([code, expect.stringMatching(words)]);
});

test('a job that starts is waited for, and so is a machine that refuses connections at first', async () => {
  await using here = await open({ stepDelayMs: 60, sshDelayMs: 1_500 });
  await here.job();
  const ran = await here.run(['exec', 'demo', 'echo', 'in']);
  expect(ran).toMatchObject({ code: 0, stdout: 'in\n' });
});

test('a job without SSH', async () => {
  await using here = await open();
  const job = await here.job();
  await machineOf(job);
  const instance = {
    role: 'CUSTOM',
    username: 'u',
    publicIp: '127.0.0.1',
    sshPort: 22,
    supportedServices: ['dcv'],
  };
  const body = { next: null, results: [instance] };
  here.bed.emulator.faults.add({ kind: 'answer', route: 'GET *instances/', status: 200, body });
  const ran = await here.run(['exec', 'demo', 'true']);
  expect([ran.code, ran.stderr]).toEqual([
    4,
    expect.stringMatching(/has no SSH: its machine offers dcv[\s\S]*submit it anew/),
  ]);
});

test('several machines of which none is the head node', async () => {
  await using here = await open();
  await machineOf(await here.job());
  const instance = { role: 'CUSTOM', username: 'u', publicIp: '127.0.0.1', sshPort: 22 };
  const body = { next: null, results: [instance, instance] };
  here.bed.emulator.faults.add({ kind: 'answer', route: 'GET *instances/', status: 200, body });
  const ran = await here.run(['exec', 'demo', 'true']);
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('not which one is the head node')]);
});

test('a key that came after the job was submitted', async () => {
  await using here = await open();
  const other = makeKey(here.bed.folder, 'ecdsa', '256');
  await machineOf(await here.job({ publicKey: other.line }));
  const ran = await here.run(['exec', 'demo', 'true']);
  expect([ran.code, ran.stderr]).toEqual([
    255,
    expect.stringMatching(/refused .*id_rsa_2048.*: it was made with the key SHA256:/),
  ]);
});

test('no key at all', async () => {
  await using here = await open();
  await machineOf(await here.job());
  const ran = await here.run(['exec', 'demo', 'true'], { BAI_IDENTITY: '' });
  expect([ran.code, ran.stderr]).toEqual([4, expect.stringContaining('bai key generate')]);
});

test.skipIf(pythonMissing !== undefined)(
  'a connection without an answer, as when the CIDR rule keeps one out',
  async () => {
    await using here = await open();
    await using port = await openFullPort();
    await machineOf(await here.job());
    const instance = { role: 'CUSTOM', username: 'u', publicIp: '127.0.0.1', sshPort: port.port };
    const body = { next: null, results: [instance] };
    here.bed.emulator.faults.add({ kind: 'answer', route: 'GET *instances/', status: 200, body });
    const ran = await here.run(['exec', 'demo', 'true'], { BAI_CONNECT_TIMEOUT: '1' });
    expect([ran.code, ran.stderr]).toEqual([
      5,
      expect.stringMatching(/no connection to the SSH server of job demo[\s\S]*Access Restriction \(CIDR\)/),
    ]);
  },
);

test('another host key at the same address, as when it is another job’s now', async () => {
  await using here = await open();
  const job = await here.job();
  await machineOf(job);
  expect((await here.run(['exec', 'demo', 'true'])).code).toBe(0);
  await job.head.renewHostKey();
  const ran = await here.run(['exec', 'demo', 'true']);
  expect([ran.code, ran.stderr]).toEqual([255, expect.stringContaining('is not the one pinned for it')]);
});

test('another job at the same address has a pin of its own', async () => {
  await using here = await open();
  const [first, second] = [await here.job({ name: 'first' }), await here.job({ name: 'second' })];
  for (const job of [first, second]) await machineOf(job);
  for (const name of ['first', 'second']) expect((await here.run(['exec', name, 'true'])).code).toBe(0);
  expect((await here.run(['host-key', 'show', 'first'])).stdout).not.toBe(
    (await here.run(['host-key', 'show', 'second'])).stdout,
  );
});

test('a machine without a file server', async () => {
  await using here = await open({ hasSftp: false });
  await machineOf(await here.job());
  const ran = await here.run(['sftp', 'ls', 'demo:']);
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('SFTP')]);
});

test('a job that has ended, and one that there never was', async () => {
  await using here = await open();
  const job = await here.job({ command: 'true' });
  await until(() => job.hasEnded, 'it has ended');
  expect(await here.run(['ssh', 'demo'])).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('has ended (Completed)'),
  });
  expect(await here.run(['ssh', 'nobody'])).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('no session named nobody'),
  });
});

test('the API key is in no answer and no error, and nobody else gets it', async () => {
  await using here = await open();
  await machineOf(await here.job());
  const { apiKey } = here.bed.emulator;
  const commands = [
    ['session', 'list', '--json'],
    ['session', 'info', 'demo', '--json'],
    ['config', 'list'],
    ['config', 'list', '--json'],
  ];
  for (const args of commands) {
    const { stdout, stderr } = await here.run(args);
    expect(stdout + stderr).not.toContain(apiKey);
  }
});
