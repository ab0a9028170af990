/** `session list`: whose sessions, which, and how they look. */

import { readFileSync } from 'node:fs';
import { spawn } from '@lydell/node-pty';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { type BaiResult, bai, cleanEnvironment, launcher } from '../support/bai.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { openBed, type TestBed } from './emulator-client.ts';

const admin = {
  email: 'a@x.test',
  accessKey: 'AKIAADMIN',
  secretKey: 'admin-secret',
  role: 'admin',
} as const;
const user = { email: 'u@x.test', accessKey: 'AKIAUSER', secretKey: 'user-secret', role: 'user' } as const;

const accountOf = (bed: TestBed, { accessKey, secretKey }: { accessKey: string; secretKey: string }) => ({
  BACKEND_ENDPOINT: bed.emulator.endpoint,
  BACKEND_ACCESS_KEY: accessKey,
  BACKEND_SECRET_KEY: secretKey,
});

function run(bed: TestBed, args: string, account: typeof admin | typeof user = admin): Promise<BaiResult> {
  return bai(args.split(' '), { home: bed.folder, env: accountOf(bed, account) });
}

/** An administrator's bed: one session of their own that runs, one that has ended, and one of somebody else. */
async function openFilled(release: string): Promise<TestBed> {
  const bed = await openBed({ release, accounts: [admin, user] });
  await bed.session('mine-old');
  await bed.emulator.sessions.get('mine-old').end('TERMINATED', 'user-requested');
  await bed.session('mine');
  const { accessKey, secretKey } = user;
  await bed.call('POST', '/session', { json: { name: 'theirs', image: 'python' }, accessKey, secretKey });
  return bed;
}

const names = ({ stdout }: BaiResult): string[] => stdout.split('\n').filter((line) => line !== '');

test.each(['26.9.6', '23.09.10'])(
  '%s: an administrator sees their own live sessions by default',
  async (release) => {
    await using bed = await openFilled(release);
    expect(names(await run(bed, 'session list --name-only'))).toEqual(['mine']);
    expect(names(await run(bed, 'session list --name-only --all'))).toEqual(['mine', 'mine-old']);
    expect(names(await run(bed, 'session list --name-only -A'))).toEqual(['theirs', 'mine']);
    expect(names(await run(bed, `session list --name-only --access-key ${user.accessKey}`))).toEqual([
      'theirs',
    ]);
    expect(names(await run(bed, 'session list --name-only', user))).toEqual(['theirs']);
  },
);

test.each([
  ['running', ['mine']],
  ['TERMINATED', ['mine-old']],
  ['running,terminated', ['mine', 'mine-old']],
  ['PENDING', []],
])('--status %s', async (words, expected) => {
  await using bed = await openFilled('26.9.6');
  expect(names(await run(bed, `session list --name-only --status ${words}`))).toEqual(expected);
});

test('a status the release does not know is refused, and the word is named', async () => {
  await using bed = await openFilled('23.09.10');
  const { code, stderr } = await run(bed, 'session list --status RESERVED');
  expect(code).not.toBe(0);
  expect(code).not.toBe(70);
  expect(stderr).toContain('RESERVED');
});

test('a user cannot list the sessions of another key', async () => {
  await using bed = await openFilled('26.9.6');
  const { code, stdout, stderr } = await run(bed, 'session list --access-key AKIAADMIN', user);
  expect([code, stdout]).toEqual([3, '']);
  expect(stderr).toContain('Forbidden');
});

test('more sessions than one page holds are all listed', async () => {
  await using bed = await openBed({ accounts: [admin] });
  bed.emulator.sessions.holdAt('PENDING');
  const wanted = Array.from({ length: 105 }, (_, index) => `page-${index}`);
  for (const name of wanted) await bed.session(name, { enqueueOnly: true });
  expect(names(await run(bed, 'session list --name-only')).toSorted()).toEqual(wanted.toSorted());
});

test('in a pipe there are rows only, fields joined by tabs, dashes for what is not there', async () => {
  await using bed = await openFilled('26.9.6');
  const { stdout, stderr } = await run(bed, 'session list');
  const { id } = bed.emulator.sessions.get('mine');
  const image = 'cr.backend.ai/stable/python:3.11-ubuntu22.04';
  expect(stdout.replace(/\t\d+s\t/, '\tAGE\t')).toBe(
    `mine\tRUNNING\t${image}\tAGE\tcpu=1 mem=128.0MiB\t1\tinteractive\t${id}\t-\n`,
  );
  expect(stderr).toBe('');
});

test('on a terminal there are columns under a header', async () => {
  await using bed = await openFilled('26.9.6');
  const env = cleanEnvironment({ home: bed.folder, env: accountOf(bed, admin) });
  const terminal = spawn(process.execPath, [launcher, 'session', 'list'], { cols: 200, rows: 20, env });
  let screen = '';
  terminal.onData((text) => {
    screen += text;
  });
  const { exitCode } = await new Promise<{ exitCode: number }>((resolve) => terminal.onExit(resolve));
  const [header = '', row = ''] = screen.split('\r\n');
  expect(exitCode).toBe(0);
  expect(header.split(/ {2,}/)).toEqual([
    'NAME',
    'STATUS',
    'IMAGE',
    'AGE',
    'RESOURCES',
    'NODES',
    'TYPE',
    'ID',
  ]);
  expect(row.indexOf('RUNNING')).toBe(header.indexOf('STATUS'));
  expect(row.indexOf('interactive')).toBe(header.indexOf('TYPE'));
});

/** What a terminal of so many columns shows, line by line. */
async function linesAt(bed: TestBed, columns: number, args: string): Promise<string[]> {
  const env = cleanEnvironment({ home: bed.folder, env: accountOf(bed, admin) });
  const terminal = spawn(process.execPath, [launcher, ...args.split(' ')], { cols: columns, rows: 20, env });
  let screen = '';
  terminal.onData((text) => {
    screen += text;
  });
  await new Promise((resolve) => terminal.onExit(resolve));
  return screen.split('\r\n').filter((line) => line !== '');
}

test.each([40, 80, 120])(
  'at %d columns no row of the list wraps, and each has an id that names it',
  async (columns) => {
    await using bed = await openFilled('26.9.6');
    await bed.session('a-session-whose-name-is-as-long-as-the-manager-lets-a-name-be-00');
    const lines = await linesAt(bed, columns, 'session list -A');
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
    const { id } = bed.emulator.sessions.get('mine');
    expect(lines.find((line) => line.startsWith('mine '))).toContain(`  ${id.slice(0, 8)}`);
    const wide = await linesAt(bed, columns, 'session list --wide');
    expect(wide.join('')).toContain(id);
  },
);

test('the short id of the list is taken wherever an id is', async () => {
  await using bed = await openFilled('26.9.6');
  const short = bed.emulator.sessions.get('mine').id.slice(0, 8);
  const old = bed.emulator.sessions.get('mine-old').id.slice(0, 8);
  for (const command of ['info', 'logs', 'wait']) {
    expect({ command, ...(await run(bed, `session ${command} ${short}`)) }).toMatchObject({ code: 0 });
  }
  expect((await run(bed, `app list ${short}`)).stdout).toContain('sshd');
  expect((await run(bed, `app ssh ${short} -- echo in`)).stdout).toBe('in\n');
  expect((await run(bed, `session info ${old}`)).stdout).toMatch(/^name +mine-old$/m);
  expect(await run(bed, `app list ${old}`)).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('has ended'),
  });
  expect(await run(bed, `session terminate ${short}`)).toMatchObject({ code: 0 });
  expect(statusOf(bed, 'mine')).not.toBe('RUNNING');
});

test('the beginning of several ids is refused, and they are named', async () => {
  await using bed = await openBed({ accounts: [admin] });
  // Ids are chance, and two that begin alike do not come by themselves.
  const ids = ['2f1c9b5e-7d0a-4b63-9a51-0f6d2c1e8b77', '2f1c0000-7d0a-4b63-9a51-0f6d2c1e8b78'];
  const items = ids.map((session_id, at) => ({ session_id, name: `twin-${at}`, status: 'RUNNING' }));
  bed.emulator.faults.add({
    kind: 'answer',
    route: 'POST /admin/gql',
    status: 200,
    body: { data: { compute_session_list: { total_count: 2, items } } },
  });
  const { code, stderr } = await run(bed, 'session terminate 2f1c');
  expect(code).toBe(6);
  for (const id of ids) expect(stderr).toContain(id);
});

test('--json has what the columns show, and more', async () => {
  await using bed = await openFilled('26.9.6');
  const [only, ...others] = JSON.parse((await run(bed, 'session list --json')).stdout);
  expect(others).toEqual([]);
  expect(only).toMatchObject({
    name: 'mine',
    status: 'RUNNING',
    nodes: 1,
    type: 'interactive',
    accessKey: admin.accessKey,
    resources: { cpu: '1' },
    services: expect.arrayContaining([expect.objectContaining({ name: 'sshd', ports: [2200] })]),
  });
  expect(Date.parse(only.createdAt)).not.toBeNaN();
});

test('without sessions stdout is empty, stderr says how to make one, and --json is a list', async () => {
  await using bed = await openBed({ accounts: [admin] });
  const { code, stdout, stderr } = await run(bed, 'session list');
  expect([code, stdout]).toEqual([0, '']);
  expect(stderr).toContain('bai session create');
  expect(JSON.parse((await run(bed, 'session list --json')).stdout)).toEqual([]);
});

test('terminate by name never ends the session of somebody else', async () => {
  await using bed = await openFilled('26.9.6');
  expect(await run(bed, 'session terminate theirs')).toMatchObject({ code: 4 });
  expect(bed.emulator.sessions.get('theirs').status).toBe('RUNNING');
});

test.each(['26.9.6', '23.09.10'])(
  "%s: a user gets no word of somebody else's session by its id",
  async (release) => {
    await using bed = await openFilled(release);
    const { id } = bed.emulator.sessions.get('mine');
    for (const command of ['info', 'logs', 'wait', 'terminate']) {
      expect({ command, ...(await run(bed, `session ${command} ${id}`, user)) }).toMatchObject({
        code: 4,
        stdout: '',
      });
    }
    expect(bed.emulator.sessions.get('mine').status).toBe('RUNNING');
  },
);

const statusOf = (bed: TestBed, name: string): string => bed.emulator.sessions.get(name).status;

test.each(['26.9.6', '23.09.10'])(
  '%s: of several sessions each is ended on its own, whatever became of the others',
  async (release) => {
    await using bed = await openBed({ accounts: [admin], release });
    for (const name of ['one-1', 'two-2', 'three']) await bed.session(name);
    await bed.emulator.sessions.get('one-1').end('TERMINATED', 'user-requested');
    const answer = await run(bed, 'session terminate one-1 twoo-2 two-2');
    const { id } = bed.emulator.sessions.get('two-2');
    expect(answer).toMatchObject({ code: 4, stdout: `two-2 ${id}\n` });
    expect(answer.stderr).toContain('session one-1 has ended already');
    expect(answer.stderr).toContain('did you mean two-2?');
    expect(statusOf(bed, 'two-2')).not.toBe('RUNNING');
    expect(statusOf(bed, 'three')).toBe('RUNNING');
  },
);

test('what has ended already is no failure of terminate, and --json tells it apart', async () => {
  await using bed = await openBed({ accounts: [admin] });
  const [old, live] = [await bed.session('old-1'), await bed.session('live-1')];
  await bed.emulator.sessions.get('old-1').end('TERMINATED', 'user-requested');
  expect(await run(bed, 'session terminate old-1')).toMatchObject({ code: 0, stdout: '' });
  const both = await run(bed, `session terminate ${old.id} live-1 --json`);
  expect(both).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(both.stdout)).toEqual([
    { id: old.id, name: 'old-1', hadEnded: true },
    { id: live.id, name: 'live-1' },
  ]);
});

test('a session that ends while terminate is on its way is no failure', async () => {
  await using bed = await openBed({ accounts: [admin] });
  const { id } = await bed.session('demo');
  bed.emulator.faults.add({
    kind: 'answer',
    route: 'GET /session/_/match',
    status: 200,
    body: { matches: [{ id, name: 'demo', status: 'RUNNING' }] },
  });
  await bed.emulator.sessions.get('demo').end('TERMINATED', 'user-requested');
  bed.emulator.faults.add({
    kind: 'answer',
    route: 'DELETE /session/*',
    status: 404,
    body: { title: 'No such session.' },
  });
  expect(await run(bed, 'session terminate demo')).toMatchObject({ code: 0, stdout: '' });
});

/** bai on a terminal, where `answers` are typed to what it asks. */
async function asked(bed: TestBed, args: string, answer: string): Promise<{ code: number; screen: string }> {
  const env = cleanEnvironment({ home: bed.folder, env: accountOf(bed, admin) });
  const terminal = spawn(process.execPath, [launcher, ...args.split(' ')], { cols: 120, rows: 20, env });
  let screen = '';
  terminal.onData((text) => {
    screen += text;
    if (text.includes('[y/N]')) terminal.write(answer);
  });
  const { exitCode } = await new Promise<{ exitCode: number }>((resolve) => terminal.onExit(resolve));
  return { code: exitCode, screen };
}

test.each(['terminate', 'destroy', 'rm', 'kill'])(
  'session %s asks on a terminal, names what will be ended, and Enter means no',
  async (alias) => {
    await using bed = await openBed({ accounts: [admin] });
    const { id } = await bed.session('demo');
    const refused = await asked(bed, `session ${alias} demo`, '\r');
    expect(refused.code).toBe(1);
    expect(refused.screen).toContain(`end session demo (${id.slice(0, 8)}, RUNNING)?`);
    expect(refused.screen).toContain('nothing was ended');
    expect(statusOf(bed, 'demo')).toBe('RUNNING');
    expect(await asked(bed, `session ${alias} demo`, 'y\r')).toMatchObject({ code: 0 });
    expect(statusOf(bed, 'demo')).not.toBe('RUNNING');
  },
);

test('--yes asks nobody on a terminal, and scripts are not asked either', async () => {
  await using bed = await openBed({ accounts: [admin] });
  for (const name of ['one-1', 'two-2']) await bed.session(name);
  const answer = await asked(bed, 'session rm -y one-1', 'n\r');
  expect(answer.screen).not.toContain('[y/N]');
  expect(answer.code).toBe(0);
  expect(await run(bed, 'session rm two-2')).toMatchObject({ code: 0 });
  expect(['one-1', 'two-2'].map((name) => statusOf(bed, name))).not.toContain('RUNNING');
});

test('the help of a command has its other names, and so has that of its group', async () => {
  await using bed = await openBed({ accounts: [admin] });
  expect((await run(bed, 'session rm --help')).stdout).toContain('Aliases: destroy, rm, kill');
  expect((await run(bed, 'session --help')).stdout).toContain('terminate|destroy|rm|kill');
});

describe.each(['26.9.6', '23.09.10'])('%s: the session of somebody else', (release) => {
  test('is found by an administrator with --owner, by name, id and short id, in info, logs, wait and terminate', async () => {
    await using bed = await openFilled(release);
    const { id } = bed.emulator.sessions.get('theirs');
    bed.emulator.sessions.get('theirs').logs = 'their logs\n';
    const owner = `--owner ${user.accessKey}`;
    for (const reference of ['theirs', id, id.slice(0, 8)]) {
      expect((await run(bed, `session info ${reference} ${owner}`)).stdout).toMatch(/^owner +AKIAUSER$/m);
      expect(await run(bed, `session logs ${reference} ${owner}`)).toMatchObject({ stdout: 'their logs\n' });
      expect(await run(bed, `session wait ${reference} ${owner}`)).toMatchObject({ code: 0 });
    }
    expect((await run(bed, `session list ${owner} --name-only`)).stdout).toBe('theirs\n');
    expect(await run(bed, `session terminate theirs -o ${user.accessKey}`)).toMatchObject({
      code: 0,
      stdout: `theirs ${id}\n`,
    });
    expect(statusOf(bed, 'theirs')).not.toBe('RUNNING');
    expect(statusOf(bed, 'mine')).toBe('RUNNING');
  });

  test('is named as theirs without it, with what to type', async () => {
    await using bed = await openFilled(release);
    const { id } = bed.emulator.sessions.get('theirs');
    for (const args of [
      'session info theirs',
      `session terminate ${id}`,
      'ssh theirs -- true',
      'sftp ls theirs',
    ]) {
      const { code, stderr } = await run(bed, args);
      expect({ args, code }).toEqual({ args, code: 4 });
      expect(stderr).toContain('is not yours: it belongs to AKIAUSER');
      expect(stderr).toContain('--owner AKIAUSER');
    }
    expect(statusOf(bed, 'theirs')).toBe('RUNNING');
  });

  test('is not theirs to end for whoever is no administrator', async () => {
    await using bed = await openFilled(release);
    const { id } = bed.emulator.sessions.get('mine');
    for (const reference of ['mine', id]) {
      const { code } = await run(bed, `session terminate ${reference} --owner ${admin.accessKey}`, user);
      expect(code).not.toBe(0);
    }
    expect(statusOf(bed, 'mine')).toBe('RUNNING');
  });
});

test('the list of everybody has a column for the owner', async () => {
  await using bed = await openFilled('26.9.6');
  const lines = (await run(bed, 'session list -A')).stdout.split('\n');
  expect(lines.find((line) => line.startsWith('theirs'))).toMatch(/\tAKIAUSER$/);
  expect((await linesAt(bed, 80, 'session list -A')).at(0)).toMatch(/OWNER$/);
});

test('a session named twice is ended once', async () => {
  await using bed = await openBed({ accounts: [admin], release: '23.09.10' });
  const { id } = await bed.session('demo');
  expect(await run(bed, `session terminate demo ${id}`)).toMatchObject({ code: 0, stdout: `demo ${id}\n` });
});

/** The list of `BAI_TEST_MANAGERS` may name an administrator's keys beside the user's. */
interface GenuineWithAdmin {
  readonly name: string;
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly image: string;
  readonly admin?: { readonly accessKey: string; readonly secretKey: string };
}

const path = process.env['BAI_TEST_MANAGERS'];
const genuine: readonly GenuineWithAdmin[] = path ? JSON.parse(readFileSync(path, 'utf8')) : [];

for (const { name: manager, endpoint, accessKey, secretKey, image, admin: root } of genuine) {
  if (root === undefined) continue;
  const as = async (keys: { accessKey: string; secretKey: string }, args: string): Promise<BaiResult> => {
    using home = tempFolder();
    const env = {
      BACKEND_ENDPOINT: endpoint,
      BACKEND_ACCESS_KEY: keys.accessKey,
      BACKEND_SECRET_KEY: keys.secretKey,
    };
    return await bai(args.split(' '), { home: home.path, env });
  };
  const user = { accessKey, secretKey };

  test(`genuine ${manager}: an administrator sees their own live sessions by default, and others with --owner`, async () => {
    const name = `c1-${process.pid}-theirs`;
    const made = await as(user, `session create ${image} --name ${name} -r cpu=1 -r mem=256m`);
    const id = made.stdout.trim().split(' ').at(-1) ?? '';
    try {
      expect(names(await as(root, 'session list --name-only'))).not.toContain(name);
      expect((await as(root, 'session list -A')).stdout).toMatch(
        new RegExp(`^${name}\\t.*\\t${accessKey}$`, 'm'),
      );
      expect(await as(root, `session info ${name}`)).toMatchObject({
        code: 4,
        stderr: expect.stringContaining(`--owner ${accessKey}`),
      });
      expect(await as(root, `ssh ${name} -- true`)).toMatchObject({ code: 4 });
      for (const reference of [name, id, id.slice(0, 8)]) {
        const owned = `${reference} --owner ${accessKey}`;
        expect((await as(root, `session info ${owned}`)).stdout).toContain(id);
        expect(await as(root, `session logs ${owned}`)).toMatchObject({ code: 0 });
        expect(await as(root, `session wait ${owned} --timeout 60`)).toMatchObject({ code: 0 });
      }
      expect(await as(root, `session terminate ${name} -o ${accessKey}`)).toMatchObject({ code: 0 });
    } finally {
      await as(user, `session terminate ${name}`);
    }
  });
}
