/** What disks, crashes and other programs may do to the keys that `bai key generate` and `convert` write. */

import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readlinkSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { filesIn } from '../contract/app-bed.ts';
import { cleanEnvironment, launcher } from '../support/bai.ts';
import { modeOf, useKeyHome } from '../support/key-home.ts';
import { canMount, inNamespace } from '../support/namespace.ts';
import { openTerminal } from '../support/terminal.ts';
import { tracedCalls } from '../support/trace.ts';

const run = promisify(execFile);
const home = useKeyHome();
const { at, key } = home;

const generate = ['generate', '--no-passphrase', '--ppk'];
const all = ['id_ed25519', 'id_ed25519.ppk', 'id_ed25519.pub'];

interface Outcome {
  readonly code: number | string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** bai below another program, such as strace. One thread for files, so that calls are counted in their order. */
async function below(program: readonly string[], ...args: readonly string[]): Promise<Outcome> {
  const env = { ...cleanEnvironment({ home: home.path }), UV_THREADPOOL_SIZE: '1' };
  const [file = '', ...more] = program;
  return run(file, [...more, process.execPath, launcher, 'key', ...args], { env, cwd: home.path }).then(
    (done) => ({ code: 0, ...done }),
    ({ code, stdout, stderr }: Outcome) => ({ code, stdout, stderr }),
  );
}

const strace = (...rules: readonly string[]): string[] => [
  ...['strace', '-f', '-qq', '-s', '300', '-o', join(home.path, 'trace')],
  ...rules.flatMap((rule) => ['-e', rule]),
];

/** Every file that has a name is whole, private, and goes with the others. */
async function checkKeys(): Promise<void> {
  const names = filesIn(home.ssh).filter((name) => !name.startsWith('.'));
  const lines = await Promise.all(
    names.map(async (name) => {
      if (!name.endsWith('.pub')) expect([name, modeOf(at(name))]).toEqual([name, '600']);
      const shown = await key(['show', at(name)]);
      expect(shown.code, `${name}: ${shown.stderr}`).toBe(0);
      return shown.stdout.split(' ').slice(0, 2).join(' ').trim();
    }),
  );
  expect(new Set(lines).size, `${names.join()} are of one key`).toBeLessThanOrEqual(1);
}

test('at no moment can others read a private half: 0600 from the call that makes it, under umask 0', async () => {
  const calls = 'trace=openat,open,creat,chmod,fchmod,fchmodat,rename,renameat,link,linkat,mkdir,mkdirat';
  const made = await below(['sh', '-c', 'umask 000; exec "$@"', 'sh', ...strace(calls)], ...generate);
  expect(made.code, made.stderr).toBe(0);
  const lines = tracedCalls(join(home.path, 'trace')).filter(
    (line) => line.includes(`${home.path}/.ssh`) && !/ENOENT|O_RDONLY/.test(line),
  );
  const created = lines.filter((line) => line.includes('O_CREAT'));
  expect(created).toHaveLength(3);
  for (const line of created) {
    expect(line).toMatch(/O_WRONLY\|O_CREAT\|O_EXCL\|[^,]*, 0(600|644)\)/);
    if (line.includes(', 0644)')) expect(line).toContain('.pub.');
  }
  expect(lines.filter((line) => /mkdir/.test(line)).every((line) => line.includes(', 0700)'))).toBe(true);
  expect([home.ssh, ...all.map(at)].map(modeOf)).toEqual(['700', '600', '600', '644']);
});

test('a folder that is a link to another one is used as it is', async () => {
  mkdirSync(join(home.path, 'real'), { mode: 0o700 });
  symlinkSync('real', home.ssh);
  expect((await key(generate)).code).toBe(0);
  expect(filesIn(join(home.path, 'real'))).toEqual(all);
  expect((await key(['convert', at('id_ed25519'), '--to', 'pkcs8'])).code).toBe(0);
  expect(modeOf(at('id_ed25519.p8'))).toBe('600');
});

test('an ssh folder that others may write to is repaired, and that is told; another folder is left alone', async () => {
  mkdirSync(home.ssh);
  execFileSync('chmod', ['777', home.ssh]);
  const made = await key(generate);
  expect([made.code, modeOf(home.ssh)]).toEqual([0, '700']);
  expect(made.stderr).toContain('mode 0777');
  const shared = join(home.path, 'shared');
  mkdirSync(shared);
  execFileSync('chmod', ['777', shared]);
  expect((await key(['generate', '--no-passphrase', '-o', join(shared, 'mine')])).code).toBe(0);
  expect(modeOf(shared)).toBe('777');
});

test('a file system without hard links: the same, and nothing is replaced', async () => {
  const noLinks = strace('inject=link,linkat:error=EPERM');
  expect((await below(noLinks, ...generate)).code).toBe(0);
  expect(filesIn(home.ssh)).toEqual(all);
  const before = readFileSync(at('id_ed25519'), 'utf8');
  expect((await below(noLinks, ...generate)).code).toBe(6);
  expect((await below(noLinks, 'convert', at('id_ed25519'), '--to', 'ppk')).code).toBe(6);
  expect(readFileSync(at('id_ed25519'), 'utf8')).toBe(before);
});

describe('a crash at any moment leaves no torn key and no two that differ', () => {
  test.each([1, 2, 3])('when the new file number %i gets its name', async (count) => {
    await below(strace(`inject=link,linkat:signal=KILL:when=${count}`), ...generate);
    expect(filesIn(home.ssh).filter((name) => !name.startsWith('.')).length).toBeLessThan(3);
    await checkKeys();
    expect((await key([...generate, '--force'])).code).toBe(0);
    expect(filesIn(home.ssh).filter((name) => !name.startsWith('.'))).toEqual(all);
    await checkKeys();
  });

  test.each([
    ['unlink', 1],
    ['unlink', 2],
    ['rename', 1],
    ['rename', 2],
    ['rename', 3],
    ['fsync', 2],
  ] as const)('with --force, at %s number %i', async (call, count) => {
    await key(generate);
    const old = readFileSync(at('id_ed25519'), 'utf8');
    await below(strace(`inject=${call}:signal=KILL:when=${count}`), ...generate, '--force');
    expect(filesIn(home.ssh)).toContain('id_ed25519');
    if (call !== 'rename') expect(readFileSync(at('id_ed25519'), 'utf8')).toBe(old);
    await checkKeys();
  });

  test('what a crash leaves beside is as private as the key', async () => {
    await below(strace('inject=fsync:signal=KILL:when=1'), ...generate);
    const left = filesIn(home.ssh);
    expect(left).toHaveLength(1);
    expect([left[0]?.startsWith('.'), modeOf(at(left[0] ?? ''))]).toEqual([true, '600']);
  });
});

describe.skipIf(!canMount)('on a disk that refuses', () => {
  const inMount = (mount: string, script: string): Promise<Outcome> => {
    const lines = [`${mount} "$1" || exit 99`, script].join('\n');
    const env = { ...cleanEnvironment({ home: home.path }), BAI_HOME: join(home.path, 'state') };
    return run('unshare', [...inNamespace, 'sh', '-c', lines, 'sh', home.ssh, process.execPath, launcher], {
      env,
      cwd: home.path,
    }).then((done) => ({ code: 0, ...done }));
  };

  test('a full one: said, nothing of the new key is left, and the old one is whole with --force too', async () => {
    mkdirSync(home.ssh, { mode: 0o700 });
    const script = [
      '"$2" "$3" key generate --no-passphrase >/dev/null 2>&1; cp "$1/id_ed25519" "$1/../old"; cp "$1/id_ed25519.pub" "$1/../old.pub"',
      'head -c 20000 /dev/zero >"$1/full" 2>/dev/null; sync',
      '"$2" "$3" key generate -t rsa -b 2048 --no-passphrase; echo "status $?"',
      '"$2" "$3" key generate --no-passphrase --force; echo "status $?"',
      '"$2" "$3" key convert "$1/id_ed25519" --to pkcs8; echo "status $?"',
      'cmp "$1/id_ed25519" "$1/../old" && cmp "$1/id_ed25519.pub" "$1/../old.pub" && ls -A "$1"',
    ].join('\n');
    const { stdout, stderr } = await inMount('mount -t tmpfs -o size=16k,mode=700 none', script);
    expect(stdout).toBe('status 1\nstatus 1\nstatus 1\nfull\nid_ed25519\nid_ed25519.pub\n');
    expect(stderr.match(/no space is left[^\n]*\nhint: /g)).toHaveLength(3);
  });

  test('a read-only one: said with the name of the folder', async () => {
    mkdirSync(home.ssh, { mode: 0o700 });
    const { stdout, stderr } = await inMount(
      'mount -t tmpfs -o ro none',
      '"$2" "$3" key generate --no-passphrase; echo "status $?"; ls -A "$1"',
    );
    expect(stdout).toBe('status 1\n');
    expect(stderr).toContain(home.ssh);
  });
});

test('a link that takes the name while the passphrase is typed is not followed and not replaced', async () => {
  using shell = openTerminal({ home: home.path });
  shell.type(`${process.execPath} ${launcher} key generate; echo status $?\r`);
  await shell.see(/New passphrase/);
  mkdirSync(home.ssh, { mode: 0o700 });
  symlinkSync(join(home.path, 'victim'), at('id_ed25519'));
  shell.type('some words\r');
  await shell.see(/Same passphrase again/);
  shell.type('some words\r');
  await shell.see(/already exists[\s\S]*status 6/);
  expect(filesIn(home.ssh)).toEqual(['id_ed25519']);
  expect(filesIn(home.path)).not.toContain('victim');
  expect(shell.screen()).not.toContain('some words');
});

test('a key that is replaced by a link before --force writes: the link stays, and what it leads to', async () => {
  await key(generate);
  renameSync(at('id_ed25519'), join(home.path, 'victim'));
  symlinkSync(join(home.path, 'victim'), at('id_ed25519'));
  const before = readFileSync(join(home.path, 'victim'), 'utf8');
  expect((await key([...generate, '--force'])).code).toBe(6);
  expect(readlinkSync(at('id_ed25519'))).toBe(join(home.path, 'victim'));
  expect(readFileSync(join(home.path, 'victim'), 'utf8')).toBe(before);
});
