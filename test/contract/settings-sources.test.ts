/** Where a whole command takes its settings from: flags, variables, files, endpoints in turn. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type BaiResult, bai } from '../support/bai.ts';
import { openBed, type TestBed } from './emulator-client.ts';

const nowhere = 'http://127.0.0.1:1';

function accountOf({ emulator }: TestBed, prefix = 'BACKEND'): Record<string, string> {
  return {
    [`${prefix}_ENDPOINT`]: emulator.endpoint,
    [`${prefix}_ACCESS_KEY`]: emulator.accessKey,
    [`${prefix}_SECRET_KEY`]: emulator.secretKey,
  };
}

function list(
  bed: TestBed,
  env: Record<string, string>,
  args: readonly string[] = [],
  cwd = bed.folder,
): Promise<BaiResult> {
  return bai([...args, 'session', 'list', '--name-only'], { home: bed.folder, env, cwd });
}

const asFile = (values: Record<string, string>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');

test.each(['BACKEND', 'BAI'])('%s_* variables are enough to work', async (prefix) => {
  await using bed = await openBed();
  await bed.session('demo');
  expect(await list(bed, accountOf(bed, prefix))).toMatchObject({ code: 0, stdout: 'demo\n' });
});

/** Stores all three in a profile. */
async function store(bed: TestBed, endpoint: string, profile = 'default'): Promise<void> {
  const run = (args: string[], input?: string) =>
    bai(['--profile', profile, ...args], { home: bed.folder, ...(input !== undefined && { input }) });
  await run(['config', 'set', 'endpoint', endpoint]);
  await run(['config', 'set', 'accessKey', bed.emulator.accessKey]);
  await run(['config', 'set', 'secretKey'], bed.emulator.secretKey);
}

test('flag over BAI_ over BACKEND_ over --env-file over profile', async () => {
  await using bed = await openBed();
  const file = join(bed.folder, 'my.env');
  const { endpoint } = bed.emulator;
  const keys = { ...accountOf(bed), BACKEND_ENDPOINT: '' };
  const works = async (env: Record<string, string>, args: readonly string[] = []) =>
    (await list(bed, env, args)).code === 0;

  await store(bed, endpoint);
  expect(await works({})).toBe(true);
  writeFileSync(file, asFile({ ...keys, BACKEND_ENDPOINT: nowhere }));
  expect(await works({}, ['--env-file', file])).toBe(false);
  const good = { ...keys, BACKEND_ENDPOINT: endpoint };
  expect(await works(good, ['--env-file', file])).toBe(true);
  expect(await works({ ...good, BAI_ENDPOINT: nowhere })).toBe(false);
  expect(await works({ ...keys, BACKEND_ENDPOINT: nowhere, BAI_ENDPOINT: endpoint })).toBe(true);
  expect(await works(keys, ['--endpoint', endpoint])).toBe(true);
});

test('the keys of a profile do not go to an endpoint of the environment, and the error says so', async () => {
  await using bed = await openBed();
  await using other = await openBed();
  await store(bed, bed.emulator.endpoint);
  const { code, stderr } = await list(bed, { BACKEND_ENDPOINT: other.emulator.endpoint });
  expect(code).toBe(3);
  expect(stderr).toContain(`that of profile "default" is for ${bed.emulator.endpoint}`);
  expect(other.emulator.requests).toEqual([]);
});

test('a profile on the command line wins over an endpoint of the environment, and config list says so', async () => {
  await using bed = await openBed();
  await bed.session('demo');
  await store(bed, bed.emulator.endpoint, 'one');
  const env = { BACKEND_ENDPOINT: nowhere };
  expect(await list(bed, env, ['--profile', 'one'])).toMatchObject({ code: 0, stdout: 'demo\n' });
  const listed = await bai(['--profile', 'one', 'config', 'list'], { home: bed.folder, env });
  for (const name of ['endpoint', 'accessKey', 'secretKey'])
    expect(listed.stdout).toMatch(new RegExp(`^${name}\t\\S+\tprofile "one"$`, 'm'));
  expect((await list(bed, { ...env, BAI_PROFILE: 'one' })).code).toBe(3);
});

test('--endpoint takes keys that are for another address along only when they are named beside it', async () => {
  await using bed = await openBed();
  await store(bed, nowhere);
  const args = ['--endpoint', bed.emulator.endpoint];
  const { code, stderr } = await list(bed, {}, args);
  expect([code, bed.emulator.requests]).toEqual([3, []]);
  expect(stderr).toContain('--profile NAME or --env-file PATH beside --endpoint');
  expect(await list(bed, {}, [...args, '--profile', 'default'])).toMatchObject({ code: 0 });
  const env = { ...accountOf(bed), BACKEND_ENDPOINT: nowhere };
  expect((await list(bed, env, args)).code).toBe(3);
});

test.each([
  ['--profile', ['--profile', 'ohne'], {}],
  ['BAI_PROFILE', [], { BAI_PROFILE: 'ohne' }],
] as const)('a profile of %s that is not there is an error with the known names', async (_way, args, env) => {
  await using bed = await openBed();
  await store(bed, bed.emulator.endpoint, 'one');
  await store(bed, bed.emulator.endpoint, 'two');
  for (const command of [
    ['session', 'list'],
    ['config', 'list'],
    ['config', 'get', 'endpoint'],
    ['ssh-config', 'print'],
  ]) {
    const answer = await bai([...args, ...command], { home: bed.folder, env });
    expect({ command, ...answer }).toMatchObject({ code: 2, stdout: '' });
    expect(answer.stderr).toContain('there is no profile "ohne"');
    expect(answer.stderr).toContain('one');
  }
  const unset = await bai([...args, 'config', 'unset', 'user'], { home: bed.folder, env });
  expect(unset).toMatchObject({ code: 2 });
  expect(bed.emulator.requests).toEqual([]);
  const near = await bai(['--profile', 'tow', 'session', 'list'], { home: bed.folder });
  expect(near.stderr).toContain('did you mean two?');
});

test('without any profile --profile is an error too, and not the local manager', async () => {
  await using bed = await openBed();
  const { code, stderr } = await list(bed, {}, ['--profile', 'nosuch']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('there are none yet')]);
  expect(await bai(['--profile', 'new', 'config', 'set', 'user', 'me'], { home: bed.folder })).toMatchObject({
    code: 0,
  });
});

test('.env of the current folder, or of one above, is not read', async () => {
  await using bed = await openBed();
  const below = join(bed.folder, 'project/deep');
  mkdirSync(below, { recursive: true });
  const evil = asFile({ BACKEND_ENDPOINT: nowhere, BAI_ENDPOINT: nowhere, BACKEND_SECRET_KEY: 'evil' });
  for (const folder of ['project/deep', 'project', '']) writeFileSync(join(bed.folder, folder, '.env'), evil);
  expect(await list(bed, accountOf(bed), [], below)).toMatchObject({ code: 0 });
  expect((await list(bed, {}, [], below)).stderr).toContain('no Backend.AI server is configured');
});

test('.env does not override real variables when it is asked for', async () => {
  await using bed = await openBed();
  writeFileSync(join(bed.folder, '.env'), asFile({ BACKEND_ENDPOINT: nowhere }));
  expect(await list(bed, accountOf(bed), ['--env-file', '.env'])).toMatchObject({ code: 0 });
});

test('--env-file gives what is not set', async () => {
  await using bed = await openBed();
  const file = join(bed.folder, 'my.env');
  const quoted = Object.fromEntries(Object.entries(accountOf(bed)).map(([k, v]) => [k, `"${v}"`]));
  writeFileSync(file, `# a comment\nexport EXTRA=1\n${asFile(quoted)}`);
  expect(await list(bed, {}, ['--env-file', file])).toMatchObject({ code: 0 });
});

test('an --env-file with Windows line ends works', async () => {
  await using bed = await openBed();
  const file = join(bed.folder, 'my.env');
  writeFileSync(file, asFile(accountOf(bed)).replaceAll('\n', '\r\n'));
  expect(await list(bed, {}, ['--env-file', file])).toMatchObject({ code: 0 });
});

// Node 20 looks for its own --env-file behind the script's name too, and refuses with 9 before bai runs.
const missing = [
  ['that is not there', '/no/such/file', [4, 9]],
  ['that is a folder', tmpdir(), [1, 9]],
] as const;

test.each(missing)('an --env-file %s is named and no bug of bai', async (_what, path, codes) => {
  await using bed = await openBed();
  const { code, stderr } = await list(bed, {}, ['--env-file', path]);
  expect(codes).toContain(code);
  expect(stderr).toContain(path);
});

test('without an endpoint: exit 2, and every way to set one', async () => {
  await using bed = await openBed();
  const { code, stderr } = await list(bed, {});
  expect(code).toBe(2);
  for (const way of ['BACKEND_ENDPOINT', 'bai config set endpoint', 'bai local up'])
    expect(stderr).toContain(way);
});

test.each([
  ['no key at all', []],
  ['no secret key', ['BACKEND_ACCESS_KEY']],
] as const)('with %s: exit 3, and how to set them', async (_what, kept) => {
  await using bed = await openBed();
  const all = accountOf(bed);
  const env = {
    BACKEND_ENDPOINT: bed.emulator.endpoint,
    ...Object.fromEntries(kept.map((k) => [k, all[k] ?? ''])),
  };
  const { code, stderr } = await list(bed, env);
  expect(code).toBe(3);
  expect(stderr).toContain('bai config set secretKey');
});

test('the session mode of the Python client takes no keypair, and says how one signs in', async () => {
  await using bed = await openBed();
  const { code, stderr } = await list(bed, { ...accountOf(bed), BACKEND_ENDPOINT_TYPE: 'session' });
  expect(code).toBe(3);
  expect(stderr).toContain('bai login');
});

test.each([
  ['BACKEND_ACCESS_KEY', 'AKIA\rX'],
  ['BACKEND_DOMAIN', '연구실'],
  ['BACKEND_DOMAIN', 'a\nb'],
])('%s with characters no header can carry (%j) is a usage error', async (variable, value) => {
  await using bed = await openBed();
  const { code, stderr } = await list(bed, { ...accountOf(bed), [variable]: value });
  expect(code).toBe(2);
  expect(stderr).toContain(variable);
});

test('of several endpoints the first that can be reached is used', async () => {
  await using bed = await openBed();
  await bed.session('demo');
  const endpoints = `${nowhere}, http://127.0.0.1:2 ,${bed.emulator.endpoint}`;
  expect(await list(bed, { ...accountOf(bed), BACKEND_ENDPOINT: endpoints })).toMatchObject({
    code: 0,
    stdout: 'demo\n',
  });
});

test('when none can be reached that is said once, with 5', async () => {
  await using bed = await openBed();
  const { code, stderr } = await list(bed, {
    ...accountOf(bed),
    BACKEND_ENDPOINT: `${nowhere},http://127.0.0.1:2`,
  });
  expect(code).toBe(5);
  expect(stderr.match(/^error:/gm)).toHaveLength(1);
});

test('an answer, even a bad one, does not send the call to another endpoint', async () => {
  await using bed = await openBed();
  await using other = await openBed();
  const both = `${bed.emulator.endpoint},${other.emulator.endpoint}`;
  bed.emulator.faults.add({ kind: 'answer', route: 'POST /admin/gql', status: 503, body: '' });
  expect(await list(bed, { ...accountOf(bed), BACKEND_ENDPOINT: both })).toMatchObject({ code: 5 });
  expect(other.emulator.requests).toEqual([]);
});

test('a read that broke off is tried at the next endpoint', async () => {
  await using bed = await openBed();
  await using other = await openBed();
  await other.session('demo');
  bed.emulator.faults.add({ kind: 'reset', route: 'GET /session/*' });
  const env = { ...accountOf(bed), BACKEND_ENDPOINT: `${bed.emulator.endpoint},${other.emulator.endpoint}` };
  const { code, stdout } = await bai(['session', 'info', 'demo'], { home: bed.folder, env });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^name +demo/m);
});

test('a list that broke off is tried at the next endpoint: it changes nothing', async () => {
  await using bed = await openBed();
  await using other = await openBed();
  await other.session('demo');
  bed.emulator.faults.add({ kind: 'reset', route: 'POST /admin/gql' });
  const both = `${bed.emulator.endpoint},${other.emulator.endpoint}`;
  expect(await list(bed, { ...accountOf(bed), BACKEND_ENDPOINT: both })).toMatchObject({
    code: 0,
    stdout: 'demo\n',
  });
});

test('BACKEND_READ_TIMEOUT ends a wait for an answer that never comes', async () => {
  await using bed = await openBed();
  bed.emulator.faults.add({ kind: 'hang', route: 'POST /admin/gql' });
  const { code, stderr } = await list(bed, { ...accountOf(bed), BACKEND_READ_TIMEOUT: '0.3' });
  expect(code).toBe(5);
  expect(stderr).toContain('did not answer in 0.3 s');
});

test('an endpoint with an explicit default port works', async () => {
  await using bed = await openBed();
  // A plain proxy on the way, so that port 80 is only written and never opened.
  const proxy = createServer((incoming, outgoing) => {
    const { pathname, search } = new URL(incoming.url ?? '');
    const { method, headers } = incoming;
    const onward = request(bed.emulator.endpoint + pathname + search, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo; // A TCP server that listens has one.
  const env = {
    ...accountOf(bed),
    BACKEND_ENDPOINT: 'http://manager.test:80',
    HTTP_PROXY: `http://127.0.0.1:${port}`,
  };
  const { code, stderr } = await list(bed, env);
  proxy.close();
  proxy.closeAllConnections();
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(bed.emulator.requests.map(({ status }) => status)).toEqual([200, 200]);
});
