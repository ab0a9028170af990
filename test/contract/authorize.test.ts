/** `bai key authorize` and `bai session create --authorize` on every manager. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { managerKinds } from '../support/managers.ts';
import { openEmulator, openSession, type SessionBed } from './app-bed.ts';

let counter = 0;

function makeKey(home: string) {
  counter += 1;
  const path = join(home, `own-${counter}`);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'me@here', '-f', path]);
  const fingerprint = execFileSync('ssh-keygen', ['-l', '-f', path], { encoding: 'utf8' }).split(' ')[1];
  return { path, fingerprint, line: readFileSync(`${path}.pub`, 'utf8').trim() };
}

describe.each(managerKinds().map((kind) => [kind.name, kind] as const))('%s', (_, kind) => {
  let bed: SessionBed;

  beforeAll(async () => {
    bed = await openSession(kind);
  }, 120_000);

  afterAll(() => bed?.[Symbol.asyncDispose](), 60_000);

  test('a key gets in, by ssh of the system too, until it is taken away again', async () => {
    const key = makeKey(bed.home);
    const login = (client: string) =>
      bed.bai(['ssh', bed.session, '--client', client, '-i', key.path, '--', 'echo in']);
    expect((await login('builtin')).code).toBe(255);
    const added = await bed.bai(['key', 'authorize', bed.session, key.path, '--json']);
    expect(JSON.parse(added.stdout), added.stderr).toEqual({
      session: bed.session,
      path: expect.stringMatching(/\/\.ssh\/authorized_keys$/),
      type: 'ssh-ed25519',
      fingerprint: key.fingerprint,
      change: 'added',
      permissions: [],
    });
    for (const client of ['builtin', 'system']) {
      expect(await login(client), client).toMatchObject({ code: 0, stdout: 'in\n' });
    }
    const shown = await bed.bai([
      'ssh',
      bed.session,
      '--',
      'cat .ssh/authorized_keys; stat -c %a .ssh/authorized_keys',
    ]);
    expect(shown.stdout.split('\n').slice(-3)).toEqual([key.line, '600', '']);
    expect((await bed.bai(['key', 'deauthorize', bed.session, key.line])).code).toBe(0);
    expect((await login('builtin')).code).toBe(255);
    const again = await bed.bai(['key', 'deauthorize', bed.session, key.line]);
    expect([again.code, again.stdout]).toEqual([4, '']);
    expect(again.stderr).toContain(key.fingerprint);
  });

  test('the key that the session handed out is not taken away', async () => {
    const fetched = await bed.bai(['key', 'fetch', bed.session, '--json']);
    const { fingerprint } = JSON.parse(fetched.stdout);
    const refused = await bed.bai(['key', 'deauthorize', bed.session, fingerprint, '--json']);
    expect([refused.code, refused.stdout]).toEqual([6, '']);
    expect(JSON.parse(refused.stderr).error.code).toBe('own-key');
    expect((await bed.bai(['ssh', bed.session, '--', 'echo in'])).stdout).toBe('in\n');
  });

  test('a session made with --authorize lets the key in from the start', async () => {
    const key = makeKey(bed.home);
    const name = `${bed.session}-new`;
    await using manager = await kind.open();
    const env = kind.isGenuine ? bed.env : manager.env;
    const resources = ['-r', 'cpu=1', '-r', 'mem=256m'];
    const create = ['session', 'create', manager.image, '-t', name, ...resources, '--authorize', key.line];
    const made = await bed.bai([...create, '--json'], { env });
    expect(JSON.parse(made.stdout), made.stderr).toMatchObject({
      name,
      status: 'RUNNING',
      authorized: { session: name, fingerprint: key.fingerprint, change: 'added' },
    });
    const connected = await bed.bai(['ssh', name, '-i', key.path, '--', 'echo in'], { env });
    await bed.bai(['session', 'terminate', name], { env });
    expect(connected).toMatchObject({ code: 0, stdout: 'in\n' });
  });
});

test('what is wrong with the key of --authorize is said before a session is made', async () => {
  await using bed = await openEmulator();
  const key = makeKey(bed.home);
  for (const [options, code, words] of [
    [['--authorize', 'ssh-ed25519 AAAAnonsense'], 2, /cannot be read as a public key/],
    [['--authorize', join(bed.home, 'nowhere')], 4, /nowhere/],
    [['--authorize', key.line, '--no-wait'], 2, /--no-wait/],
    [['--authorize', key.line, '--enqueue-only'], 2, /--no-wait/],
  ] as const) {
    const refused = await bed.bai(['session', 'create', 'python', '--name', 'demo', ...options]);
    expect([refused.code, refused.stdout], refused.stderr).toEqual([code, '']);
    expect(refused.stderr).toMatch(words);
  }
  expect(bed.emulator.sessions.all()).toEqual([]);
});

test('a failure after the session was made says so, and how to do the rest', async () => {
  await using bed = await openEmulator();
  const key = makeKey(bed.home);
  bed.emulator.faults.add({ kind: 'download', content: 'no key' });
  const failed = await bed.bai([
    'session',
    'create',
    'python',
    '--name',
    'demo',
    '--authorize',
    key.line,
    '--json',
  ]);
  expect([failed.code, failed.stdout]).toEqual([1, '']);
  const { error } = JSON.parse(failed.stderr.trim().split('\n').at(-1) ?? '');
  expect(error).toMatchObject({ code: 'not-a-key', name: 'demo', exitCode: 1 });
  expect(error.message).toMatch(/session demo was created/);
  expect(error.hint).toMatch(/bai key authorize demo PUBKEY/);
  bed.emulator.faults.clear();
  expect((await bed.bai(['key', 'authorize', 'demo', key.line])).code).toBe(0);
});
