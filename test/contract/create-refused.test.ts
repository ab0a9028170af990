/** A request for a session with something wrong in it: checked before it is sent, or told as what it is, in every release. */

import { expect, test } from 'vitest';
import { type EmulatorBed, openEmulator, until } from './app-bed.ts';

const releases = ['23.09.10', '24.09.14', '25.15.12', '26.4.16', '26.9.6'];
const usual = ['-r', 'cpu=1', '-r', 'mem=256m'];

async function create(bed: EmulatorBed, ...args: readonly string[]) {
  const words = ['session', 'create', 'python', '--name', 'demo', ...usual, ...args];
  const human = await bed.bai(words);
  const json = await bed.bai([...words, '--json']);
  const { error } = JSON.parse(json.stderr.trim().split('\n').at(-1) ?? '');
  expect([json.code, human.stderr.includes(`error: ${error.message}\n`)]).toEqual([human.code, true]);
  return { ...human, error };
}

const posts = (bed: EmulatorBed): number =>
  bed.emulator.requests.filter(({ method, target }) => method === 'POST' && target === '/session').length;

test.each(releases)(
  '%s: a wrong project, resource group, folder or domain is named, with those there are: 4',
  async (release) => {
    await using bed = await openEmulator({ release, folders: ['data', 'models'] });
    const wrong = [
      [['--project', 'nogroup'], 'project-not-found', 'in no project called nogroup', 'known: default'],
      [['--domain', 'nodomain'], 'domain-not-found', 'not in the domain nodomain', 'known: default'],
      [['--scaling-group', 'nope'], 'resource-group-not-found', 'no resource group called nope', 'default'],
      [['-m', 'date'], 'folder-not-found', 'no virtual folder called date', 'known: data, models'],
      [['-m', 'data', '-m', 'modells'], 'folder-not-found', 'called modells', 'models, data'],
    ] as const;
    for (const [args, code, message, hint] of wrong) {
      const { code: exitCode, error } = await create(bed, ...args);
      expect([args, exitCode, error.code]).toEqual([args, 4, code]);
      expect(error.message).toContain(message);
      expect(error.hint).toContain(hint);
      expect(error.hint).not.toContain('session list');
    }
    expect(bed.emulator.sessions.all()).toEqual([]);
    expect(bed.emulator.unknownRoutes).toEqual([]);
  },
);

test('where the setting stands that is wrong is told', async () => {
  await using bed = await openEmulator({ release: '26.4.16' });
  const { stderr } = await bed.bai(['session', 'create', 'python', ...usual], {
    env: { BACKEND_GROUP: 'not-mine' },
  });
  expect(stderr).toMatch(
    /hint: correct --project, BACKEND_GROUP or `bai config set project NAME`; known: default\n/,
  );
});

test.each(releases)('%s: an unknown image is looked for, whatever else the request has', async (release) => {
  await using bed = await openEmulator({ release, folders: ['data'] });
  const { code, stderr } = await bed.bai(['session', 'create', 'pyhton', '-m', 'data', ...usual]);
  expect(code).toBe(4);
  expect(stderr).toContain('there is no image pyhton');
  expect(await bed.bai(['session', 'create', 'python:3.12', '-m', 'data', ...usual])).toMatchObject({
    code: 0,
  });
});

test.each(releases)('%s: what a manager says of an amount has no Python in it', async (release) => {
  await using bed = await openEmulator({ release });
  const { code, error } = await create(bed, '-r', 'warp.core=1');
  expect(code).toBe(1);
  expect(error.message).toContain("Unknown slot type: 'warp.core'");
});

test.each([
  [['--priority', '200'], '--priority is a number from 0 to 100, not 200'],
  [['-r', 'cpu=abc'], '--resources wants cpu with an amount, not "cpu=abc"'],
  [['-r', 'cpu=-1'], '"cpu=-1"'],
  [['-r', 'cpu='], '"cpu="'],
  [['-r', 'mem=lots'], '"mem=lots"'],
  [['-r', 'mem=1e3'], '"mem=1e3"'],
  [['-r', 'cuda.shares=half'], '"cuda.shares=half"'],
  [['-r', 'a b=1'], '"a b=1"'],
  [['--resource-opts', 'shmem=abc'], '"shmem=abc"'],
  [['--cluster-size', '0'], '--cluster-size'],
  [['--project', ''], '--project is empty'],
  [['--project', 'a\nb'], '--project contains a line break'],
  [['--domain', 'a\tb'], '--domain contains a control character'],
  [['--scaling-group', ' '], '--scaling-group is empty'],
  [['-m', 'data\u001b[2J'], '--mount contains a control character'],
  [['--tag', 'a\r'], '--tag contains a line break'],
  [['--name', 'x'], 'is not a valid session name'],
])('%j is refused before anything is sent: 2', async (args, message) => {
  await using bed = await openEmulator();
  const { code, error } = await create(bed, ...args);
  expect([code, error.code, posts(bed)]).toEqual([2, 'usage', 0]);
  expect(error.message).toContain(message);
  expect(error.hint).toBeTypeOf('string');
});

test.each([
  ['-r', 'mem=1g'],
  ['-r', 'mem=1.5GiB'],
  ['-r', 'mem=536870912'],
  ['-r', 'mem=512M'],
  ['--resource-opts', 'shmem=64m'],
  ['--resource-opts', 'allow_fractional_resource_fragmentation=true'],
  ['--priority', '0'],
  ['--priority', '100'],
  ['--tag', 'a tag with blanks'],
])('%s %s passes', async (...args) => {
  await using bed = await openEmulator();
  expect(await bed.bai(['session', 'create', 'python', '-r', 'cpu=1', ...args])).toMatchObject({ code: 0 });
});

test('a release that has no priorities says so, in place of an unknown key', async () => {
  await using bed = await openEmulator({ release: '23.09.10' });
  const { code, error } = await create(bed, '--priority', '5');
  expect([code, error.code, posts(bed)]).toEqual([1, 'not-supported', 0]);
});

test.each([
  ['BOGUS', 'knows no state BOGUS'],
  ['RUNING', 'did you mean RUNNING'],
  ['running,', 'without a name'],
])('session list --status %s: 2, before anything is sent', async (words, said) => {
  await using bed = await openEmulator();
  const { code, stderr } = await bed.bai(['session', 'list', '--status', words]);
  expect([code, bed.emulator.requests.length]).toEqual([2, 0]);
  expect(stderr).toContain(said);
});

const ending = ['25.15.12', '26.4.16', '26.9.6'];

test.each(ending)('%s: ssh into a session that is on its way out: it is ending, 4', async (release) => {
  await using bed = await openEmulator({ release });
  const id = await bed.create('demo');
  bed.emulator.sessions.holdAt('TERMINATING');
  expect(await bed.bai(['session', 'terminate', 'demo'])).toMatchObject({ code: 0 });
  for (const args of [
    ['ssh', 'demo', '--', 'true'],
    ['exec', 'demo', '--', 'true'],
    ['sftp', 'ls', 'demo:'],
  ]) {
    const { code, stderr } = await bed.bai(args);
    expect([args, code]).toEqual([args, 4]);
    expect(stderr).toMatch(/error: session demo is ending \(TERMINATING\)\nhint: /);
    expect(stderr).not.toContain('did not start');
  }
  const waited = await bed.bai(['session', 'wait', 'demo']);
  expect(waited.code).toBe(12);
  expect(waited.stderr).toContain('error: session demo is ending: demo: TERMINATING');
  bed.emulator.sessions.holdAt(undefined);
  expect(await bed.bai(['session', 'wait', id])).toMatchObject({ code: 12 });
});

test.each(ending.flatMap((release) => [[release, []] as const, [release, ['--no-reuse']] as const]))(
  '%s: create %j right after terminate waits for the name, and makes a new session',
  async (release, more) => {
    await using bed = await openEmulator({ release });
    const old = await bed.create('demo');
    bed.emulator.sessions.holdAt('TERMINATING');
    await bed.bai(['session', 'terminate', 'demo']);
    const before = bed.emulator.requests.length;
    const child = bed.start(['session', 'create', 'python', '--name', 'demo', ...usual, ...more, '--json']);
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    const asked = (): readonly string[] =>
      bed.emulator.requests.slice(before).map(({ method, target }) => `${method} ${target}`);
    // It looks again and again at the one that has the name.
    const looks = (): number => asked().filter((line) => line === 'POST /admin/gql').length;
    await until(() => asked().includes('POST /session') && looks() > 1, 'it waits for the name');
    bed.emulator.sessions.holdAt(undefined);
    expect(await ended).toBe(0);
    const made = JSON.parse(stdout);
    expect(made).toMatchObject({ name: 'demo', created: true, status: 'RUNNING' });
    expect(made.id).not.toBe(old);
  },
);

test('a session that never ends keeps its name, and --timeout ends the wait for it', async () => {
  await using bed = await openEmulator({ release: '26.4.16' });
  await bed.create('demo');
  bed.emulator.sessions.holdAt('TERMINATING');
  await bed.bai(['session', 'terminate', 'demo']);
  const { code } = await create(bed, '--timeout', '1');
  expect(code).toBe(5);
  bed.emulator.sessions.holdAt(undefined);
});

const nobody = {
  email: 'kim@local.test',
  accessKey: 'AKIALOCALEMULATOR002',
  secretKey: 'local-emulator-secret-key-000000000000002',
  role: 'user',
  hasNoRole: true,
} as const;

test('26.4.16, an account without a role: no Python, and an unknown session is 4', async () => {
  await using bed = await openEmulator({ release: '26.4.16', accounts: [nobody] });
  for (const reference of ['nosuch', '2f1c9b5e-7d0a-4b63-9a51-0f6d2c1e8b77']) {
    for (const command of ['info', 'logs', 'wait', 'terminate']) {
      const { code, stderr } = await bed.bai(['session', command, reference]);
      expect([command, code]).toEqual([command, 4]);
      expect(stderr).toContain(`no session named ${reference}`);
    }
  }
  const { code, error } = await create(bed);
  expect([code, error.code]).toEqual([3, 'forbidden']);
  expect(error.message).toMatch(/lacks permission create on session at user [0-9a-f-]{36}$/);
  expect(error.hint).toBe('your account lacks a role for it: ask an administrator');
  for (const args of [
    ['key', 'status'],
    ['key', 'rotate'],
  ]) {
    const result = await bed.bai(args);
    expect([args, result.code]).toEqual([args, 3]);
    expect(result.stderr).not.toMatch(/RBACElementRef|<\w+\.\w+/);
  }
});
