/** `session list`: whose sessions, which, and how they look. */

import { readFileSync } from 'node:fs';
import { spawn } from '@lydell/node-pty';
import { expect, test } from 'vitest';
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
    `mine\tRUNNING\t${image}\tAGE\tcpu=1 mem=128.0MiB\t1\tinteractive\t${id}\n`,
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

test('several sessions are ended at once; one wrong name ends none', async () => {
  await using bed = await openBed({ accounts: [admin] });
  for (const name of ['one-1', 'two-2', 'three']) await bed.session(name);
  const status = (name: string): string => bed.emulator.sessions.get(name).status;
  expect(await run(bed, 'session terminate one-1 twoo-2')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('did you mean two-2?'),
  });
  expect(status('one-1')).toBe('RUNNING');
  expect(await run(bed, 'session terminate one-1 two-2')).toMatchObject({ code: 0 });
  expect([status('one-1'), status('two-2'), status('three')].map((word) => word === 'RUNNING')).toEqual([
    false,
    false,
    true,
  ]);
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
  test(`genuine ${manager}: an administrator sees their own live sessions by default`, async () => {
    using home = tempFolder();
    const as = (keys: { accessKey: string; secretKey: string }, args: string) =>
      bai(args.split(' '), {
        home: home.path,
        env: {
          BACKEND_ENDPOINT: endpoint,
          BACKEND_ACCESS_KEY: keys.accessKey,
          BACKEND_SECRET_KEY: keys.secretKey,
        },
      });
    const name = `c1-${process.pid}-theirs`;
    await as(
      { accessKey, secretKey },
      `session create ${image} --name ${name} -r cpu=1 -r mem=256m --no-wait`,
    );
    try {
      expect(names(await as(root, 'session list --name-only'))).not.toContain(name);
      expect(names(await as(root, 'session list --name-only -A'))).toContain(name);
    } finally {
      await as({ accessKey, secretKey }, `session wait ${name} --timeout 60`);
      await as({ accessKey, secretKey }, `session terminate ${name}`);
    }
  });
}
