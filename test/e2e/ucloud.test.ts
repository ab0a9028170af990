/** bai with the emulated UCloud, as people run it: direct TCP, the user's own key, and a host key that is asked about. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addKey } from '../../src/providers/ucloud/keys.ts';
import { type BaiResult, bai, launcher } from '../support/bai.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { openTerminal, type Terminal } from '../support/terminal.ts';
import { openUcloud, startJob, type UcloudBed } from '../support/uclouds.ts';
import { until } from '../support/until.ts';

const { signal } = new AbortController();
let bed: UcloudBed;
let folder: TempFolder;

beforeAll(async () => {
  bed = await openUcloud();
  folder = tempFolder();
});
afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
  folder?.[Symbol.dispose]();
});

interface Place {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  run(args: readonly string[], more?: { env?: Record<string, string>; input?: string }): Promise<BaiResult>;
}

let places = 0;

/** A home with a key of its own, which the account has unless it is said otherwise. */
async function place({ isKnown = true } = {}): Promise<Place> {
  places += 1;
  const home = join(folder.path, `home-${places}`);
  mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
  const file = join(home, '.ssh', 'id_ed25519');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', `me@home-${places}`, '-f', file]);
  const text = readFileSync(`${file}.pub`, 'utf8');
  if (isKnown) await addKey(bed.client, { text, origin: 'FILE' }, signal);
  const env = { BAI_PROVIDER: 'ucloud', BAI_ENDPOINT: bed.endpoint, BAI_TOKEN: bed.token };
  const run: Place['run'] = (args, more = {}) => {
    const input = more.input === undefined ? {} : { input: more.input };
    return bai(args, { home, env: { ...env, ...more.env }, ...input });
  };
  return { home, env, run };
}

const unseen = { env: { BAI_HOST_KEY_CHECKING: 'accept-new' } };

async function exited(terminal: Terminal): Promise<{ readonly code: number; readonly screen: string }> {
  return { code: await terminal.ended, screen: terminal.screen() };
}

const job = (name: string, application?: string): Promise<string> => startJob(bed, name, application);

test('jobs are listed, shown and waited for', async () => {
  const here = await place();
  const id = await job('listed');
  expect((await here.run(['session', 'wait', 'listed'])).code).toBe(0);
  const rows = (await here.run(['session', 'list'])).stdout.split('\n').map((line) => line.split('\t'));
  expect(rows.find(([name]) => name === 'listed')).toEqual([
    ...['listed', 'RUNNING', 'terminal-ubuntu:24.04', expect.any(String), 'in 7h', 'ready', id],
  ]);
  const shown = JSON.parse((await here.run(['session', 'info', id, '--json'])).stdout);
  expect(shown).toMatchObject({
    id,
    name: 'listed',
    provider: 'ucloud',
    ssh: 'ready',
    sshAddress: { user: 'ucloud' },
  });
  expect((await here.run(['session', 'logs', 'listed'])).stdout).toContain('The job is now running');
});

describe('the first host key', () => {
  test.each(['system', 'builtin'])('is not taken in silence by the %s client', async (client) => {
    const here = await place();
    await job(`silent-${client}`);
    const refused = await here.run(['ssh', '--client', client, `silent-${client}`, '--', 'echo', 'in']);
    expect([refused.code, refused.stdout]).toEqual([6, '']);
    expect(refused.stderr).toMatch(/does not vouch for the host key of session .*: ED25519 SHA256:/);
    const fingerprint = /SHA256:[A-Za-z0-9+/]{43}/.exec(refused.stderr)?.[0] ?? '';
    const other = fingerprint.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    const wrong = await here.run(['ssh', '--accept-host-key', other, `silent-${client}`, '--', 'echo', 'in']);
    expect([wrong.code, wrong.stdout]).toEqual([6, '']);
    const args = [
      'ssh',
      '--client',
      client,
      '--accept-host-key',
      fingerprint,
      `silent-${client}`,
      '--',
      'echo',
      'in',
    ];
    expect(await here.run(args)).toMatchObject({ code: 0, stdout: 'in\n' });
    // Now it is known.
    expect(await here.run(['ssh', `silent-${client}`, '--', 'echo', 'in'])).toMatchObject({
      code: 0,
      stdout: 'in\n',
    });
  });

  test('is asked about on a terminal, and any other is refused from then on', async () => {
    const here = await place();
    const id = await job('asked');
    using terminal = openTerminal(here, [
      process.execPath,
      launcher,
      'ssh',
      'asked',
      '--',
      'echo in $((6*7))',
    ]);
    await terminal.see(/ED25519 SHA256:[A-Za-z0-9+/]{43}/);
    await terminal.see(/accept no other key from now on\? \[y\/N\]/);
    terminal.type('y\r');
    await terminal.see(/in 42/);
    await bed.emulator.jobs.get(id).changeHostKey();
    const refused = await here.run(['exec', 'asked', 'true'], unseen);
    expect([refused.code, refused.stderr]).toEqual([
      255,
      expect.stringContaining('is not the one pinned for it'),
    ]);
  });

  test('that is declined leaves nothing behind', async () => {
    const here = await place();
    await job('declined');
    using terminal = openTerminal(here, [process.execPath, launcher, 'ssh', 'declined']);
    await terminal.see(/from now on\? \[y\/N\]/);
    terminal.type('\r');
    await terminal.see(/was not accepted; nothing was sent/);
    expect((await here.run(['host-key', 'show', 'declined'])).code).not.toBe(0);
  });
});

test('a command, its output, input and exit status', async () => {
  const here = await place();
  await job('commands');
  const ran = await here.run(['ssh', 'commands', '--', 'cat; echo "$USER" >&2; exit 7'], {
    ...unseen,
    input: 'typed',
  });
  expect(ran).toMatchObject({ code: 7, stdout: 'typed', stderr: expect.stringContaining('ucloud') });
  expect(await here.run(['exec', 'commands', 'echo', '$((6*7))'])).toMatchObject({ code: 0, stdout: '42\n' });
});

test('files go there and back', async () => {
  const here = await place();
  await job('files');
  mkdirSync(join(here.home, 'tree', 'sub'), { recursive: true });
  writeFileSync(join(here.home, 'tree', 'sub', 'a'), 'content');
  expect(await here.run(['sftp', 'put', '-r', 'tree', 'files:'], unseen)).toMatchObject({ code: 0 });
  rmSync(join(here.home, 'tree'), { recursive: true });
  expect(await here.run(['sftp', 'get', '-r', 'files:tree', '.'])).toMatchObject({ code: 0 });
  expect(readFileSync(join(here.home, 'tree', 'sub', 'a'), 'utf8')).toBe('content');
});

test('the image has no file server: it is said', async () => {
  const here = await place();
  await job('no-files', 'no-sftp');
  expect(await here.run(['sftp', 'ls', 'no-files:'], unseen)).toMatchObject({
    ...{ code: 1, stderr: expect.stringContaining('SFTP') },
  });
});

test('a key that came after the job began is told apart from one the account does not have', async () => {
  const early = await place();
  await job('keys');
  const late = await place();
  const stranger = await place({ isKnown: false });
  expect((await early.run(['exec', 'keys', 'true'], unseen)).code).toBe(0);
  const refused = await late.run(['exec', 'keys', 'true'], unseen);
  expect([refused.code, refused.stderr]).toEqual([
    ...[255, expect.stringMatching(/was added to your UCloud account after job keys had started/)],
  ]);
  expect(refused.stderr).toContain('start a new job');
  const unknown = await stranger.run(['exec', 'keys', 'true'], unseen);
  expect([unknown.code, unknown.stderr]).toEqual([
    ...[255, expect.stringMatching(/none of the keys that were tried is on your UCloud account/)],
  ]);
});

test('a key with a passphrase that came after the job began is told of after ssh has failed; a wrong passphrase is ssh’s to tell', async () => {
  const here = await place();
  await job('locked');
  const file = join(here.home, '.ssh', 'id_ed25519');
  const ssh = [process.execPath, launcher, 'ssh', '--client', 'system', 'locked', '--', 'echo in'];
  const env = { ...here.env, ...unseen.env };
  execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'words', '-f', file]);
  using wrong = openTerminal({ home: here.home, env }, ssh);
  for (let asked = 0; asked < 3; asked += 1) {
    await wrong.see(/passphrase for key/);
    wrong.type('others\r');
  }
  await wrong.see(/Permission denied/);
  expect((await exited(wrong)).screen).not.toContain('was on your UCloud account');
  rmSync(file);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'words', '-C', 'late@home', '-f', file]);
  await addKey(bed.client, { text: readFileSync(`${file}.pub`, 'utf8'), origin: 'FILE' }, signal);
  using late = openTerminal({ home: here.home, env }, ssh);
  await late.see(/was\s+added\s+to\s+your\s+UCloud\s+account\s+after\s+job\s+locked\s+had\s+started/);
  expect((await exited(late)).code).toBe(255);
});

test('a job is renamed and ended; what UCloud lacks is said with what to do instead', async () => {
  const here = await place();
  const id = await job('before');
  expect((await here.run(['session', 'rename', 'before', 'after run'])).code).toBe(0);
  expect((await here.run(['session', 'info', 'after run', '--json'])).stdout).toContain(`"id": "${id}"`);
  const apps = await here.run(['app', 'list', id]);
  expect([apps.code, apps.stderr]).toEqual([2, expect.stringContaining('bai ssh SESSION -L')]);
  const node = await here.run(['ssh', '--node', 'sub1', id]);
  expect([node.code, node.stderr]).toEqual([
    2,
    expect.stringContaining('leads to the first node of a job only'),
  ]);
  expect((await here.run(['session', 'terminate', id, '--yes'])).code).toBe(0);
  await until(() => bed.emulator.jobs.get(id).state === 'SUCCESS', 'it has ended');
  const gone = await here.run(['ssh', id]);
  expect(gone.code).toBe(4);
});

test('a job is made with SSH, and waited for; what is wrong with the request is said before anything is made', async () => {
  const here = await place();
  const create = (...args: string[]) => here.run(['session', 'create', 'terminal-ubuntu', ...args]);
  const before = bed.emulator.jobs.all().length;
  const refused = await create('--time', '2h');
  expect([refused.code, refused.stderr]).toEqual([
    4,
    expect.stringContaining('u1-small/u1-small-2@local (2 CPU, 8 GB)'),
  ]);
  const foreign = await create('--product', 'u1-small/u1-small-1', '--mount', 'data');
  expect(foreign.code).toBe(2);
  const planned = await create('--product', 'u1-small/u1-small-1', '--time', '2h', '--dry-run', '--json');
  expect(JSON.parse(planned.stdout)).toMatchObject({
    ...{ image: expect.stringMatching(/^terminal-ubuntu:\S+$/), product: 'u1-small/u1-small-1@local' },
    ...{ nodes: 1, folders: [], timeMs: 7_200_000, provider: 'ucloud', dryRun: true },
  });
  expect(bed.emulator.jobs.all().length).toBe(before);
  const made = await create('--product', 'u1-small/u1-small-1', '--time', '2h', '--name', 'made', '--json');
  expect(made.code).toBe(0);
  const { id, status } = JSON.parse(made.stdout);
  expect(status).toBe('RUNNING');
  expect(await here.run(['ssh', id, '--', 'hostname >/dev/null; echo in'], unseen)).toMatchObject({
    stdout: 'in\n',
  });
});

test('a job gets more time, and says until when', async () => {
  const here = await place();
  const id = await job('longer');
  const extended = await here.run(['session', 'extend', 'longer', '--time', '1h30m', '--json']);
  const { expiresAt } = JSON.parse(extended.stdout);
  const shown = JSON.parse((await here.run(['session', 'info', id, '--json'])).stdout);
  expect(shown.expiresAt).toBe(expiresAt);
  expect(Date.parse(expiresAt) - Date.parse(shown.startedAt)).toBe(9.5 * 3_600_000);
  const wrong = await here.run(['session', 'extend', 'longer', '--time', '2x']);
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('such as 90m, 8h or 1d')]);
});

test('public keys of the account are added, listed and removed', async () => {
  const here = await place({ isKnown: false });
  const file = join(here.home, '.ssh', 'id_ed25519');
  const secret = await here.run(['key', 'upload', file]);
  expect([secret.code, secret.stderr]).toEqual([2, expect.stringContaining('is a private key')]);
  const added = await here.run(['key', 'upload', `${file}.pub`, '--title', 'laptop']);
  expect([added.code, added.stderr]).toEqual([0, 'the key applies to jobs that start from now on\n']);
  const [id = '', type, fingerprint = ''] = added.stdout.trim().split(' ');
  expect(type).toBe('ssh-ed25519');
  const again = await here.run(['key', 'upload', `${file}.pub`]);
  expect([again.code, again.stderr]).toEqual([6, expect.stringContaining(`as ${id} (laptop)`)]);
  const listed = (await here.run(['key', 'list', '--account'])).stdout;
  expect(listed).toContain(`${id}\tlaptop\tssh-ed25519\t`);
  expect(listed).toContain(fingerprint.replace('SHA256:', ''));
  expect((await here.run(['key', 'remove', fingerprint])).code).toBe(0);
  expect((await here.run(['key', 'list', '--account'])).stdout).not.toContain('laptop');
  expect((await here.run(['key', 'remove', id])).code).toBe(4);
});

test.each([
  ['no token', { BAI_TOKEN: '' }, 3, /no API token is used/],
  ['a token that is none', { BAI_TOKEN: 'AKIA123' }, 2, /is not a UCloud API token/],
  ['a wrong token', { BAI_TOKEN: 'uc1-wrong' }, 3, /does not accept the API token/],
  ['no endpoint', { BAI_ENDPOINT: '' }, 2, /no UCloud is chosen/],
  ['an unknown platform', { BAI_PROVIDER: 'ucluod' }, 2, /must be one of backend.ai, ucloud, rescale/],
])('%s', async (_what, env, code, words) => {
  const here = await place({ isKnown: false });
  const ran = await here.run(['session', 'list'], { env });
  expect([ran.code, ran.stderr]).toEqual([code, expect.stringMatching(words)]);
  expect(ran.stderr).not.toContain('AKIA123');
});
