/** `bai key rotate` and `upload` where disks, programs and managers do their worst. */

import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { type EmulatorBed, openEmulator } from '../contract/app-bed.ts';
import { launcher } from '../support/bai.ts';
import { canMount, inNamespace } from '../support/namespace.ts';
import { openTerminal } from '../support/terminal.ts';
import { tracedCalls } from '../support/trace.ts';

const run = promisify(execFile);
const ssh = (bed: EmulatorBed): string => join(bed.home, '.ssh');
const keyPath = (bed: EmulatorBed): string => join(ssh(bed), 'id_container');
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const has = (program: string): boolean => {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program that runs bai, in the bed's home. */
async function runWith(bed: EmulatorBed, program: string, args: readonly string[]): Promise<Ended> {
  const env = { PATH: process.env['PATH'], HOME: bed.home, ...bed.env };
  return run(program, args, { env, cwd: bed.home }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Ended) => ({ code, stdout, stderr }),
  );
}

async function status(bed: EmulatorBed): Promise<{ accepted: boolean; account?: { fingerprint: string } }> {
  return JSON.parse((await bed.bai(['key', 'status', '--json'])).stdout);
}

function makeKey(bed: EmulatorBed, name: string, options: readonly string[] = ['-t', 'ed25519']): string {
  const path = join(bed.home, name);
  execFileSync('ssh-keygen', ['-q', ...options, '-N', '', '-f', path]);
  return path;
}

test.skipIf(!has('strace'))('under umask 0 each key is 0600 from the call that makes it', async () => {
  await using bed = await openEmulator();
  await bed.bai(['key', 'rotate']);
  const trace = join(bed.home, 'trace');
  const calls = 'trace=openat,open,creat,chmod,fchmod,fchmodat,mkdir,mkdirat';
  const strace = ['strace', '-f', '-s', '300', '-e', calls, '-o', trace, process.execPath, launcher];
  await runWith(bed, 'sh', ['-c', 'umask 000; exec "$@"', 'sh', ...strace, 'key', 'rotate']);
  const made = tracedCalls(trace).filter((line) => line.includes(`${ssh(bed)}/`) && line.includes('O_CREAT'));
  // Room for a key, the copy of the old one, the new one.
  expect(made).toHaveLength(3);
  for (const line of made) expect(line).toMatch(/O_WRONLY\|O_CREAT\|O_EXCL\|[^,]*, 0600\)/);
  expect(readdirSync(ssh(bed)).map((name) => modeOf(join(ssh(bed), name)))).toEqual(['600', '600']);
});

test.skipIf(!has('strace'))(
  'killed while the new key gets its name: the old one is whole, and the new one can be had',
  async () => {
    await using bed = await openEmulator();
    await bed.bai(['key', 'rotate']);
    const old = readFileSync(keyPath(bed), 'utf8');
    const inject = [
      '-f',
      '-qq',
      '-e',
      'trace=rename,renameat,renameat2',
      '-e',
      // The first one is that of the list of keys, which notes the copy of the old one.
      'inject=rename,renameat,renameat2:signal=KILL:error=EIO:when=2',
    ];
    // strace counts in each thread.
    const oneThread = ['UV_THREADPOOL_SIZE=1', 'strace', ...inject];
    await runWith(bed, 'env', [...oneThread, process.execPath, launcher, 'key', 'rotate']);
    expect(readFileSync(keyPath(bed), 'utf8')).toBe(old);
    for (const name of readdirSync(ssh(bed))) expect(modeOf(join(ssh(bed), name)), name).toBe('600');
    expect(await status(bed)).toMatchObject({ accepted: false, state: 'different' });
    await bed.create('demo');
    expect((await bed.bai(['key', 'fetch', 'demo'])).code).toBe(0);
    expect(await status(bed)).toMatchObject({ accepted: true });
  },
);

test.skipIf(!has('strace'))('a file system without hard links takes the keys too', async () => {
  await using bed = await openEmulator();
  const inject = ['-f', '-qq', '-e', 'trace=link,linkat', '-e', 'inject=link,linkat:error=EPERM'];
  const rotate = () =>
    runWith(bed, 'strace', [...inject, process.execPath, launcher, 'key', 'rotate', '--json']);
  const [first, second] = [await rotate(), await rotate()];
  expect(first.stderr).toMatch(/INJECTED/);
  const { previous } = JSON.parse(second.stdout);
  expect(previous.fingerprint).toBe(JSON.parse(first.stdout).fingerprint);
  expect(readdirSync(ssh(bed)).sort()).toEqual(['id_container', previous.path.slice(ssh(bed).length + 1)]);
  expect(await status(bed)).toMatchObject({ accepted: true });
});

function inMount(bed: EmulatorBed, script: readonly string[]): Promise<Ended> {
  mkdirSync(ssh(bed), { mode: 0o700 });
  const words = ['sh', '-c', script.join('\n'), 'sh', ssh(bed), process.execPath, launcher];
  return runWith(bed, 'unshare', [...inNamespace, ...words]);
}

test.skipIf(!canMount).each([
  [
    'a full disk',
    'size=16k',
    'head -c 12288 /dev/zero >"$1/full"; head -c 4096 /dev/zero >>"$1/full" 2>/dev/null',
  ],
  ['a read-only folder', 'ro', 'true'],
])('%s: the account keeps its key', async (_, options, prepare) => {
  await using bed = await openEmulator();
  await bed.bai(['key', 'upload', makeKey(bed, 'mine'), '--yes']);
  const before = await status(bed);
  const { stdout, stderr } = await inMount(bed, [
    `mount -t tmpfs -o ${options},mode=700 none "$1" || exit 99`,
    prepare,
    '"$2" "$3" key rotate; echo "status $?"; ls -A "$1" | grep -v full',
  ]);
  expect(stdout, stderr).toBe('status 1\n');
  expect(stderr).toContain(ssh(bed));
  expect(stderr).toMatch(/hint: /);
  expect((await status(bed)).account).toEqual(before.account);
  expect(bed.emulator.requests.filter(({ method }) => method === 'PATCH')).toEqual([]);
});

test.skipIf(!canMount)(
  'a disk that fills up while the manager answers: the new key is not lost silently',
  async () => {
    await using bed = await openEmulator();
    bed.emulator.faults.add({ kind: 'delay', route: 'PATCH /auth/ssh-keypair', ms: 4_000 });
    const old = makeKey(bed, 'old');
    const { stdout, stderr } = await inMount(bed, [
      'mount -t tmpfs -o size=32k,mode=700 none "$1" && cp "$1/../old" "$1/id_container" || exit 99',
      '( "$2" "$3" key rotate --force; echo "status $?" ) & bai=$!',
      // The copy of the old key is the last thing before bai waits for the manager.
      'until ls "$1" | grep -q id_container_ || ! kill -0 $bai; do :; done',
      'head -c 65536 /dev/zero >"$1/full" 2>/dev/null; wait; ls -A "$1" | wc -l; cat "$1/id_container"',
    ]);
    expect(stdout, stderr).toBe(`status 1\n3\n${readFileSync(old, 'utf8')}`);
    expect(stderr).toMatch(/the account has a new key \(SHA256:/);
    expect(stderr).toMatch(/no space is left/);
    expect(stderr).toMatch(/every new session hands it out.*bai key fetch/);
    expect(stderr).not.toContain('PRIVATE KEY');
    const { account } = await status(bed);
    expect(stderr).toContain(account?.fingerprint);
    await bed.create('demo');
    expect((await bed.bai(['key', 'fetch', 'demo'])).code).toBe(0);
    expect(await status(bed)).toMatchObject({ accepted: true });
  },
);

test('an answer that breaks off: the account may have a new key, and that is said', async () => {
  await using bed = await openEmulator();
  await bed.bai(['key', 'rotate']);
  const old = readFileSync(keyPath(bed), 'utf8');
  bed.emulator.faults.add({ kind: 'cut', route: 'PATCH /auth/ssh-keypair', afterBytes: 300 });
  const failed = await bed.bai(['key', 'rotate']);
  expect([failed.code, failed.stdout]).toEqual([5, '']);
  expect(failed.stderr).toMatch(/may have a new key[\s\S]*hint: .*`bai key status`/);
  expect(readFileSync(keyPath(bed), 'utf8')).toBe(old);
});

test.each([
  ['no key', { ssh_public_key: 'x', ssh_private_key: 'y' }],
  ['half an answer', { ssh_public_key: 'ssh-rsa AAAA' }],
  ['HTML', '<!doctype html>'],
])('%s in the place of the new pair is never saved', async (_, body) => {
  await using bed = await openEmulator();
  await bed.bai(['key', 'rotate']);
  const old = readFileSync(keyPath(bed), 'utf8');
  bed.emulator.faults.add({ kind: 'answer', route: 'PATCH /auth/ssh-keypair', status: 200, body });
  const failed = await bed.bai(['key', 'rotate']);
  expect([failed.code, failed.stdout]).toEqual([1, '']);
  expect(readFileSync(keyPath(bed), 'utf8')).toBe(old);
});

test('what the manager stored without looking, and is no key, is named as such', async () => {
  await using bed = await openEmulator();
  for (const line of ['x\n', 'ssh-rsa AAAA', '\x1b]0;owned\x07']) {
    const body = { ssh_public_key: line };
    bed.emulator.faults.add({ kind: 'answer', route: 'GET /auth/ssh-keypair', status: 200, body });
    const failed = await bed.bai(['key', 'status', '--json']);
    expect([failed.code, failed.stdout]).toEqual([1, '']);
    expect(JSON.parse(failed.stderr).error).toMatchObject({ code: 'account-key-broken' });
    bed.emulator.faults.clear();
  }
  expect((await bed.bai(['key', 'rotate'])).code).toBe(0);
});

test('two rotations at once: one key is in place, none is torn, and status knows whether it is the one', async () => {
  await using bed = await openEmulator();
  await bed.bai(['key', 'rotate']);
  const ended = await Promise.all([1, 2, 3].map(() => bed.bai(['key', 'rotate', '--json'])));
  expect(ended.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual([0, 0, 0]);
  const names = readdirSync(ssh(bed));
  expect(names.filter((name) => name.includes('.new'))).toEqual([]);
  const saved = names.map(
    (name) =>
      execFileSync('ssh-keygen', ['-l', '-f', join(ssh(bed), name)], { encoding: 'utf8' }).split(' ')[1],
  );
  const { account } = await status(bed);
  expect(saved).toContain(account?.fingerprint);
  for (const name of names) expect(modeOf(join(ssh(bed), name))).toBe('600');
});

test('~/.ssh may be a link to another folder', async () => {
  await using bed = await openEmulator();
  mkdirSync(join(bed.home, 'real'), { mode: 0o700 });
  symlinkSync('real', ssh(bed));
  await bed.bai(['key', 'rotate']);
  await bed.bai(['key', 'rotate']);
  expect(readdirSync(join(bed.home, 'real'))).toHaveLength(2);
  expect(await status(bed)).toMatchObject({ accepted: true });
});

test('a refusal that repeats the private key is not shown', async () => {
  await using bed = await openEmulator();
  const key = makeKey(bed, 'mine');
  const secret = readFileSync(key, 'utf8').split('\n')[3] ?? '';
  const body = {
    type: 'https://api.backend.ai/probs/generic-bad-request',
    title: 'Bad',
    msg: `input_value='${secret}'`,
  };
  bed.emulator.faults.add({ kind: 'answer', route: 'POST /auth/ssh-keypair', status: 400, body });
  for (const options of [[], ['--json']]) {
    const refused = await bed.bai(['key', 'upload', key, '--yes', ...options]);
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    for (let at = 0; at + 12 <= secret.length; at += 1)
      expect(refused.stderr).not.toContain(secret.slice(at, at + 12));
  }
});

test('over plain HTTP to another machine nothing is sent, unless --allow-http says so', async () => {
  await using bed = await openEmulator();
  const key = makeKey(bed, 'mine');
  const env = { BACKEND_ENDPOINT: 'https://manager.invalid,http://manager.invalid:8080' };
  const refused = await bed.bai(['key', 'upload', key, '--yes', '--json'], { env });
  expect([refused.code, refused.stdout]).toEqual([2, '']);
  expect(JSON.parse(refused.stderr).error).toMatchObject({
    code: 'clear-text',
    message: expect.stringContaining('http://manager.invalid:8080'),
  });
  const allowed = await bed.bai(['key', 'upload', key, '--yes', '--allow-http', '--json'], { env });
  expect(JSON.parse(allowed.stderr.trim().split('\n').at(-1) ?? '').error.code).toBe('unreachable');
});

test.each([
  ['25.5.0', 'OPENSSH PRIVATE KEY'],
  ['25.15.12', undefined],
  ['26.4.3', undefined],
  ['26.4.4', 'OPENSSH PRIVATE KEY'],
])(
  'a manager of release %s gets RSA and ECDSA as it reads them, and Ed25519 where sessions can use it',
  async (release, form) => {
    await using bed = await openEmulator({ release });
    const older = release !== '26.4.4';
    for (const [type, pem] of [
      ['rsa', 'RSA PRIVATE KEY'],
      ['ecdsa', 'EC PRIVATE KEY'],
    ] as const) {
      const uploaded = await bed.bai(['key', 'upload', makeKey(bed, type, ['-t', type]), '--yes']);
      expect(uploaded.code, uploaded.stderr).toBe(0);
      await bed.create(`key-${type}`);
      const stored = readFileSync(
        join(bed.emulator.sessions.get(`key-${type}`).home ?? '', 'id_container'),
        'utf8',
      );
      expect(stored).toContain(`BEGIN ${older ? pem : 'OPENSSH PRIVATE KEY'}`);
      expect(
        (await bed.bai(['ssh', `key-${type}`, '-i', join(bed.home, type), '--', 'echo in'])).stdout,
      ).toBe('in\n');
    }
    const ed25519 = await bed.bai(['key', 'upload', makeKey(bed, 'ed25519'), '--yes', '--json']);
    if (form !== undefined) {
      expect(ed25519.code).toBe(0);
      await bed.create('key-ed25519');
      const home = bed.emulator.sessions.get('key-ed25519').home ?? '';
      return expect(readFileSync(join(home, 'id_container'), 'utf8')).toContain(form);
    }
    expect([ed25519.code, ed25519.stdout]).toEqual([2, '']);
    expect(ed25519.stderr).toMatch(new RegExp(`release ${release}[\\s\\S]*Ed25519[\\s\\S]*ecdsa`));
    expect((await status(bed)).account).toMatchObject({ type: expect.stringContaining('ecdsa') });
  },
);

test('on a terminal upload asks, and Enter means no', async () => {
  await using bed = await openEmulator();
  const key = makeKey(bed, 'id_ed25519');
  using terminal = openTerminal({ home: bed.home, env: bed.env });
  await terminal.see(/local\$ /);
  for (const [answer, words] of [
    ['', /was not uploaded/],
    ['y', /new sessions will accept/],
  ] as const) {
    terminal.type(`'${process.execPath}' '${launcher}' key upload '${key}'\r`);
    await terminal.see(/your personal key[\s\S]*\[y\/N\]/);
    terminal.type(`${answer}\r`);
    await terminal.see(words);
  }
  expect(existsSync(ssh(bed))).toBe(false);
});
