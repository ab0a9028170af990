/** `bai host-key`, and what the pins protect from. */

import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { type EmulatorBed, filesIn, openEmulator } from './app-bed.ts';

const knownHosts = (bed: EmulatorBed): string => join(bed.home, '.local/share/bai/known_hosts');

test('what is shown is what the session has; a session never connected to has none, and that is said', async () => {
  await using bed = await openEmulator();
  const id = await bed.create('demo');
  const before = await bed.bai(['host-key', 'show', 'demo']);
  expect(before.code).toBe(4);
  expect(before.stderr).toContain('bai ssh demo');
  await bed.bai(['app', 'ssh', 'demo', '--', 'true']);
  const shown = await bed.bai(['host-key', 'show', 'demo', '--json']);
  expect(JSON.parse(shown.stdout)).toEqual([
    {
      type: 'ssh-rsa',
      sha256: expect.stringMatching(/^SHA256:[\w+/]{43}$/),
      md5: expect.stringMatching(/^MD5(:[0-9a-f]{2}){16}$/),
    },
  ]);
  expect(readFileSync(knownHosts(bed), 'utf8')).toMatch(new RegExp(`^bai-${id} ssh-rsa \\S+\\n$`));
  expect((await bed.bai(['host-key', 'forget', 'demo', '--json'])).stdout).toContain('"forgotten": true');
  expect((await bed.bai(['host-key', 'forget', 'demo'])).code).toBe(4);
  expect((await bed.bai(['host-key', 'show', 'no-such'])).code).toBe(4);
});

test('host key checking disabled entirely: here a host key that changed is refused by either client, before any key is sent', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  expect((await bed.bai(['app', 'ssh', 'demo', '--', 'true'])).code).toBe(0);
  await bed.emulator.sessions.get('demo').restartSshd();
  for (const [client, message] of [
    ['system', /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed/],
    [
      'builtin',
      /the host key of session demo is not the one pinned[\s\S]*SHA256:[\s\S]*MD5:[\s\S]*bai host-key forget demo/,
    ],
  ] as const) {
    const refused = await bed.bai(['app', 'ssh', 'demo', '--client', client, '--', 'echo in']);
    expect(refused).toMatchObject({ code: 255, stdout: '' });
    expect(refused.stderr).toMatch(message);
  }
  const listed = await bed.bai(['sftp', 'ls', 'demo:.']);
  expect(listed.code).toBe(6);
  expect(listed.stderr).toContain('bai host-key forget demo');
  expect((await bed.bai(['host-key', 'forget', 'demo'])).code).toBe(0);
  expect((await bed.bai(['app', 'ssh', 'demo', '--', 'echo in'])).stdout).toBe('in\n');
});

test('a revoked host key refuses app ssh and app forward', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  await bed.bai(['app', 'ssh', 'demo', '--', 'true']);
  const path = knownHosts(bed);
  writeFileSync(path, readFileSync(path, 'utf8').replace(/^/, '@revoked '));
  for (const command of ['ssh', 'forward']) {
    const refused = await bed.bai(['app', command, 'demo']);
    expect([refused.code, refused.stdout]).toEqual([command === 'ssh' ? 255 : 6, '']);
    expect(refused.stderr).toMatch(/revoked/);
  }
});

test.each<readonly [string, (path: string) => void]>([
  ['a folder', (path) => mkdirSync(path)],
  ['a link to nowhere', (path) => symlinkSync('/nowhere/at/all', path)],
  ['a broken line', (path) => writeFileSync(path, 'half a line\n')],
])('known_hosts that is %s stops every way in, and says what to do', async (_, make) => {
  await using bed = await openEmulator();
  await bed.create('demo');
  mkdirSync(dirname(knownHosts(bed)), { recursive: true });
  make(knownHosts(bed));
  for (const args of [
    ['app', 'ssh', 'demo', '--', 'echo in'],
    ['app', 'forward', 'demo'],
    ['sftp', 'ls', 'demo:.'],
    ['host-key', 'show', 'demo'],
  ]) {
    const failed = await bed.bai(args);
    expect([failed.code, failed.stdout], args.join(' ')).toEqual([1, '']);
    expect(failed.stderr).toContain(knownHosts(bed));
    expect(failed.stderr).toMatch(/hint: /);
  }
});

test.skipIf(process.getuid?.() === 0)('known_hosts that cannot be read is no first use', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  await bed.bai(['app', 'ssh', 'demo', '--', 'true']);
  chmodSync(knownHosts(bed), 0);
  expect((await bed.bai(['app', 'ssh', 'demo', '--', 'true'])).code).toBe(1);
});

test('two first uses at once both get in, and the file is whole', async () => {
  await using bed = await openEmulator();
  await Promise.all([bed.create('one-session'), bed.create('two-session')]);
  const names = ['one-session', 'two-session', 'one-session', 'two-session'];
  const runs = await Promise.all(names.map((name) => bed.bai(['app', 'ssh', name, '--', 'echo in'])));
  expect(runs.map(({ code, stdout }) => [code, stdout])).toEqual(names.map(() => [0, 'in\n']));
  for (const name of names) expect((await bed.bai(['app', 'ssh', name, '--', 'true'])).code).toBe(0);
  expect(readFileSync(knownHosts(bed), 'utf8')).toMatch(/^(bai-\S+ ssh-rsa \S+\n){2,4}$/);
  // Beside what was remembered of the images and the server.
  const files = filesIn(dirname(knownHosts(bed))).filter((name) => !/^(?:images|servers)\//.test(name));
  expect(files).toEqual(['known_hosts']);
});

test('a session of the same name made anew is another session, with a pin of its own', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  expect((await bed.bai(['app', 'ssh', 'demo', '--', 'echo first'])).stdout).toBe('first\n');
  await bed.bai(['session', 'terminate', 'demo']);
  await bed.create('demo');
  expect((await bed.bai(['app', 'ssh', 'demo', '--', 'echo second'])).stdout).toBe('second\n');
});
