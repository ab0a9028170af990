/** What a session, or somebody in its place, may hand out as a key, and disks that refuse it. */

import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { type EmulatorBed, filesIn, openEmulator } from '../contract/app-bed.ts';
import { finished, launcher } from '../support/bai.ts';
import { canMount, inNamespace } from '../support/namespace.ts';

const run = promisify(execFile);
const ssh = (bed: EmulatorBed): string => join(bed.home, '.ssh');

async function realKey(bed: EmulatorBed): Promise<string> {
  return readFileSync(join(bed.emulator.sessions.get('demo').home ?? '', 'id_container'), 'utf8');
}

const garbage: Record<string, (key: string) => string | Uint8Array> = {
  'an empty file': () => '',
  'an HTML page': () => '<!doctype html><html><title>Sign in</title></html>',
  'JSON of an error': () =>
    '{"type":"https://api.backend.ai/probs/generic-bad-request","title":"Bad request."}',
  zeros: () => Buffer.alloc(1_679),
  'half a key': (key) => key.slice(0, key.length / 2),
  'a key without its end': (key) => key.slice(0, key.indexOf('-----END')),
  'a public key': () => 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ== work@main1\n',
  'a key with an escape sequence': (key) => key.replace('\n', '\n\x1b]0;owned\x07'),
  'a PKCS#8 key of garbage': () => '-----BEGIN PRIVATE KEY-----\nTm90IGEga2V5\n-----END PRIVATE KEY-----\n',
  'a key full of other text': () => `-----BEGIN RSA PRIVATE KEY-----\n${'A'.repeat(900_000)}\n`,
};

test.each(Object.keys(garbage))('%s from the server: nothing is written, and it is named', async (name) => {
  await using bed = await openEmulator();
  await bed.create('demo');
  const content = garbage[name]?.(await realKey(bed)) ?? '';
  bed.emulator.faults.add({ kind: 'download', content });
  for (const args of [
    ['key', 'fetch', 'demo'],
    ['app', 'ssh', 'demo', '--', 'echo in'],
    ['app', 'forward', 'demo'],
    ['sftp', 'ls', 'demo:.'],
  ]) {
    const failed = await bed.bai(args);
    expect(
      [failed.code === 1 || failed.code === 2, failed.stdout],
      `${args.join(' ')}: ${failed.stderr}`,
    ).toEqual([true, '']);
    expect(failed.stderr).toContain('id_container of session demo');
    expect(failed.stderr).not.toContain('\x1b');
  }
  expect(existsSync(ssh(bed)) ? filesIn(ssh(bed)) : []).toEqual([]);
});

test('a bad key never takes the place of a good one', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  await bed.bai(['key', 'fetch', 'demo']);
  const good = readFileSync(join(ssh(bed), 'id_container'), 'utf8');
  bed.emulator.faults.add({ kind: 'download', content: 'no key' });
  expect((await bed.bai(['key', 'fetch', 'demo', '--force'])).code).toBe(1);
  expect(readFileSync(join(ssh(bed), 'id_container'), 'utf8')).toBe(good);
  expect(filesIn(ssh(bed))).toEqual(['id_container']);
});

test('bytes in front of the key are cut', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  const key = await realKey(bed);
  const content = Buffer.concat([
    Buffer.from([0, 1, 2, 0xff]),
    Buffer.from(`junk\n${key}`),
    Buffer.alloc(512),
  ]);
  bed.emulator.faults.add({ kind: 'download', content });
  expect((await bed.bai(['key', 'fetch', 'demo'])).code).toBe(0);
  expect(readFileSync(join(ssh(bed), 'id_container'), 'utf8')).toBe(key);
  expect((await bed.bai(['app', 'ssh', 'demo', '--', 'echo in'])).stdout).toBe('in\n');
});

test('an answer that breaks off leaves nothing', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  bed.emulator.faults.add({ kind: 'cut', route: '* /session/*/download*', afterBytes: 300 });
  const failed = await bed.bai(['key', 'fetch', 'demo']);
  expect([failed.code === 5 || failed.code === 1, failed.stdout], failed.stderr).toEqual([true, '']);
  expect(existsSync(ssh(bed))).toBe(false);
});

test('key missing (mounted .ssh) gives only a bare 500: here the way out is named', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  await rm(join(bed.emulator.sessions.get('demo').home ?? '', 'id_container'));
  for (const command of [
    ['key', 'fetch', 'demo'],
    ['app', 'ssh', 'demo', '--', 'true'],
    ['sftp', 'ls', 'demo:.'],
  ]) {
    const failed = await bed.bai(command);
    expect(failed.code).toBe(4);
    expect(failed.stderr).toContain('--identity');
  }
});

test('with --identity nothing is fetched and nothing is written into ~/.ssh', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  const own = join(bed.home, 'own key');
  writeFileSync(own, await realKey(bed), { mode: 0o600 });
  bed.emulator.faults.add({ kind: 'download', content: 'no key' });
  const connected = await bed.bai(['app', 'ssh', 'demo', '--identity', own, '--', 'echo in']);
  expect(connected).toMatchObject({ code: 0, stdout: 'in\n' });
  expect((await bed.bai(['app', 'ssh', 'demo', '--', 'echo in'], { env: { BAI_IDENTITY: own } })).code).toBe(
    0,
  );
  expect(existsSync(ssh(bed))).toBe(false);
});

test('--identity with a .pub file, or one that does not exist, is said before anything is dialled', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  const own = join(bed.home, 'own');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', own]);
  const tries = ['ssh', 'forward'].flatMap((command) => [
    { args: ['app', command, 'demo', '-i', `${own}.pub`], code: 2, words: /public key/ },
    { args: ['app', command, 'demo', '-i', join(bed.home, 'nowhere')], code: 4, words: /nowhere/ },
  ]);
  for (const { args, code, words } of tries) {
    const child = bed.start(args);
    child.stdin.end();
    const limit = setTimeout(() => child.kill('SIGKILL'), 60_000);
    const ran = await finished(child);
    clearTimeout(limit);
    expect([args.join(' '), ran.code, ran.stdout], ran.stderr).toEqual([args.join(' '), code, '']);
    expect(ran.stderr).toMatch(words);
  }
});

test('a key that ssh refuses is explained, and bai ends when ssh has ended', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  const own = join(bed.home, 'own');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', own]);
  for (const key of [own, join(bed.home, '.ssh/missing')]) {
    const child = bed.start(['app', 'ssh', 'demo', '-i', key, '--', 'true']);
    child.stdin.end();
    const limit = setTimeout(() => child.kill('SIGKILL'), 60_000);
    const { code } = await finished(child);
    clearTimeout(limit);
    expect([4, 255], key).toContain(code);
  }
});

test('a key that is not in the session is refused by either client with 255, and no other key is offered', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  const own = join(bed.home, 'own');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', own]);
  await bed.bai(['key', 'fetch', 'demo', '--output', join(ssh(bed), 'id_rsa')]);
  for (const [client, message] of [
    ['system', /Permission denied/],
    ['builtin', /session demo refused \S+own \(SHA256:/],
  ] as const) {
    const refused = await bed.bai(['app', 'ssh', 'demo', '-i', own, '--client', client, '--', 'echo in']);
    expect(refused).toMatchObject({ code: 255, stdout: '' });
    expect(refused.stderr).toMatch(message);
  }
});

test('two sessions with different keys at once both get in, each with its own', async () => {
  const [first, second] = [
    { email: 'one@localhost', accessKey: 'AKIAONE', secretKey: 'one-secret' },
    { email: 'two@localhost', accessKey: 'AKIATWO', secretKey: 'two-secret' },
  ];
  await using bed = await openEmulator({
    accounts: [
      { ...first, role: 'user' },
      { ...second, role: 'user' },
    ],
  });
  await bed.create('demo');
  const env = { BACKEND_ACCESS_KEY: second.accessKey, BACKEND_SECRET_KEY: second.secretKey };
  expect((await bed.bai(['session', 'create', 'python', '--name', 'other'], { env })).code).toBe(0);
  const runs = await Promise.all(
    Array.from({ length: 6 }, (_, index) =>
      index % 2 === 0
        ? bed.bai(['app', 'ssh', 'demo', '--client', 'system', '--', 'echo demo'])
        : bed.bai(['app', 'ssh', 'other', '--client', 'system', '--', 'echo other'], { env }),
    ),
  );
  expect(runs.map(({ stdout }) => stdout)).toEqual(Array(3).fill(['demo\n', 'other\n']).flat());
  expect(filesIn(ssh(bed)).length).toBe(2);
});

test.skipIf(!canMount)('disk full: it is said, and neither half a key nor another file is left', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  mkdirSync(ssh(bed), { mode: 0o700 });
  const script = [
    'mount -t tmpfs -o size=16k,mode=700 none "$1" || exit 99',
    'head -c 12288 /dev/zero >"$1/full"; head -c 4096 /dev/zero >>"$1/full" 2>/dev/null',
    '"$2" "$3" key fetch demo; echo "status $?"; ls -A "$1"',
  ].join('\n');
  const env = { PATH: process.env['PATH'], HOME: bed.home, BAI_HOME: join(bed.home, 'state'), ...bed.env };
  const { stdout, stderr } = await run(
    'unshare',
    [...inNamespace, 'sh', '-c', script, 'sh', ssh(bed), process.execPath, launcher],
    { env, cwd: bed.home },
  );
  expect(stderr).toMatch(/no space is left[\s\S]*hint: /);
  expect(stdout).toBe('status 1\nfull\n');
});

test.skipIf(!canMount)('a read-only folder: it is said, with its name, and nothing changes', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  mkdirSync(ssh(bed), { mode: 0o700 });
  const script = [
    'mount -t tmpfs -o ro none "$1" || exit 99',
    '"$2" "$3" key fetch demo; echo "status $?"',
    '"$2" "$3" app ssh demo --client system -- echo in; echo "status $?"; ls -A "$1"',
  ].join('\n');
  const env = { PATH: process.env['PATH'], HOME: bed.home, BAI_HOME: join(bed.home, 'state'), ...bed.env };
  const { stdout, stderr } = await run(
    'unshare',
    [...inNamespace, 'sh', '-c', script, 'sh', ssh(bed), process.execPath, launcher],
    { env, cwd: bed.home },
  );
  expect(stderr).toContain(ssh(bed));
  expect(stdout).toBe('status 1\nstatus 1\n');
});

const ordinary = ['--reuid=65534', '--regid=65534', '--clear-groups'];
/** A checkout below a folder of root's own is closed to everybody else. */
const canReach = spawnSync('setpriv', [...ordinary, 'test', '-r', launcher]).status === 0;

test.skipIf(process.getuid?.() !== 0 || !canReach)(
  'a folder of somebody else’s is not writable for an ordinary user, and that is said',
  async () => {
    await using bed = await openEmulator();
    await bed.create('demo');
    mkdirSync(ssh(bed), { mode: 0o755 });
    execFileSync('chmod', ['755', bed.home]);
    const env = { PATH: process.env['PATH'], HOME: bed.home, BAI_HOME: '/tmp', ...bed.env };
    const failed = await run('setpriv', [...ordinary, process.execPath, launcher, 'key', 'fetch', 'demo'], {
      env,
      cwd: '/',
    }).then(
      () => ({ code: 0, stderr: '' }),
      ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
    );
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(ssh(bed));
    expect(filesIn(ssh(bed))).toEqual([]);
  },
);
