/** `bai key fetch` on every manager, and what it does with what is on the disk already. */

import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { managerKinds } from '../support/managers.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { tracedCalls } from '../support/trace.ts';
import { filesIn, openSession, type SessionBed } from './app-bed.ts';

const run = promisify(execFile);
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe.each(managerKinds().map((kind) => [kind.name, kind] as const))('%s', (_, kind) => {
  let bed: SessionBed;
  let home: TempFolder;

  beforeAll(async () => {
    bed = await openSession(kind);
  }, 120_000);

  afterAll(() => bed?.[Symbol.asyncDispose](), 60_000);

  beforeEach(() => {
    home = tempFolder();
    return () => home[Symbol.dispose]();
  });

  const fetch = (...options: string[]) =>
    bed.bai(['key', 'fetch', bed.session, ...options], { home: home.path });
  const keyPath = (): string => join(home.path, '.ssh', 'id_container');

  test('the key lands in ~/.ssh/id_container, 0600 in a folder of 0700, and logs in', async () => {
    const fetched = await fetch();
    expect(fetched).toMatchObject({ code: 0, stdout: `${keyPath()}\n` });
    expect(fetched.stderr).toMatch(/^created: ssh-rsa SHA256:/m);
    expect([modeOf(keyPath()), modeOf(join(home.path, '.ssh'))]).toEqual(['600', '700']);
    const publicKey = execFileSync('ssh-keygen', ['-y', '-f', keyPath()], { encoding: 'utf8' }).trim();
    const authorised = await bed.bai(['app', 'ssh', bed.session, '--', 'cat ~/.ssh/authorized_keys']);
    expect(authorised.stdout).toContain(publicKey.split(' ')[1]);
    expect(filesIn(join(home.path, '.ssh'))).toEqual(['id_container']);
  });

  test('--json tells path, change and fingerprint, and never the key', async () => {
    const fetched = await fetch('--json');
    expect(JSON.parse(fetched.stdout)).toEqual({
      path: keyPath(),
      change: 'created',
      fingerprint: expect.stringMatching(/^SHA256:/),
      type: 'ssh-rsa',
    });
    expect(fetched.stdout + fetched.stderr).not.toContain('PRIVATE KEY');
  });

  test('fetching again changes nothing, and tightens what others could read', async () => {
    await fetch();
    const before = statSync(keyPath());
    expect((await fetch()).stderr).toMatch(/^unchanged: /m);
    expect(statSync(keyPath())).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
    chmodSync(keyPath(), 0o644);
    const tightened = await fetch();
    expect(tightened.stderr).toContain('mode 0644');
    expect(modeOf(keyPath())).toBe('600');
  });

  test('a file that bai did not write is never overwritten without --force', async () => {
    mkdirSync(join(home.path, '.ssh'), { mode: 0o700 });
    for (const foreign of ['my notes\n', ownKey()]) {
      writeFileSync(keyPath(), foreign);
      const refused = await fetch();
      expect(refused.code).toBe(6);
      expect(refused.stderr).toMatch(/--force/);
      expect(refused.stdout).toBe('');
      expect(readFileSync(keyPath(), 'utf8')).toBe(foreign);
    }
    const forced = await fetch('--force');
    expect(forced.stderr).toMatch(/^replaced: /m);
    expect(filesIn(join(home.path, '.ssh'))).toEqual(['id_container']);
  });

  test('key downloaded into the current folder: nothing is ever written there', async () => {
    using work = tempFolder();
    writeFileSync(join(work.path, 'id_container'), 'mine');
    for (const args of [
      ['key', 'fetch', bed.session],
      ['app', 'ssh', bed.session, '--', 'true'],
    ]) {
      expect((await bed.bai(args, { home: home.path, cwd: work.path })).code).toBe(0);
    }
    expect(filesIn(work.path)).toEqual(['id_container']);
    expect(readFileSync(join(work.path, 'id_container'), 'utf8')).toBe('mine');
  });

  test('--output and BAI_SSH_DIR put it elsewhere; a relative path counts from the current folder', async () => {
    using work = tempFolder();
    const relative = await bed.bai(['key', 'fetch', bed.session, '-o', 'keys/mine'], {
      home: home.path,
      cwd: work.path,
    });
    expect(relative.stdout).toBe(`${join(work.path, 'keys/mine')}\n`);
    expect([modeOf(join(work.path, 'keys/mine')), modeOf(join(work.path, 'keys'))]).toEqual(['600', '700']);
    const env = { BAI_SSH_DIR: '~/other' };
    const other = await bed.bai(['key', 'fetch', bed.session], { home: home.path, env });
    expect(other.stdout).toBe(`${join(home.path, 'other/id_container')}\n`);
  });

  test('~/.ssh may be a link; a link or a folder in the key’s place is refused and stays', async () => {
    mkdirSync(join(home.path, 'real'));
    symlinkSync('real', join(home.path, '.ssh'));
    expect((await fetch()).code).toBe(0);
    expect(readlinkSync(join(home.path, '.ssh'))).toBe('real');
    expect(filesIn(join(home.path, 'real'))).toEqual(['id_container']);
    const target = join(home.path, 'target');
    writeFileSync(target, 'untouched');
    const [link, folder] = [join(home.path, 'link'), join(home.path, 'folder')];
    symlinkSync(target, link);
    mkdirSync(folder);
    for (const path of [link, folder]) {
      const refused = await fetch('-o', path);
      expect([refused.code, refused.stderr.includes(path)]).toEqual([6, true]);
    }
    expect(readFileSync(target, 'utf8')).toBe('untouched');
    expect(readlinkSync(link)).toBe(target);
  });

  test('~/.ssh that is a link to nowhere, or a file, is explained', async () => {
    const ssh = join(home.path, '.ssh');
    for (const make of [() => symlinkSync('/nowhere/at/all', ssh), () => writeFileSync(ssh, '')]) {
      make();
      const failed = await fetch();
      expect(failed.code, failed.stderr).toBe(1);
      expect(failed.stderr).toContain(ssh);
      execFileSync('rm', [ssh]);
    }
  });

  test('at no moment can others read the key: it is 0600 from the call that makes it, under umask 0', async () => {
    const trace = join(home.path, 'trace');
    const strace = [
      '-f',
      '-s',
      '300',
      '-e',
      'trace=openat,open,creat,chmod,fchmod,fchmodat,rename,renameat,link,linkat,mkdir,mkdirat',
    ];
    const command = `umask 000; exec strace "$@"`;
    const bai = (await import('../support/bai.ts')).launcher;
    await run(
      'sh',
      ['-c', command, 'sh', ...strace, '-o', trace, process.execPath, bai, 'key', 'fetch', bed.session],
      {
        env: { PATH: process.env['PATH'], HOME: home.path, ...bed.env },
        cwd: home.path,
      },
    );
    const calls = tracedCalls(trace).filter(
      (line) => line.includes(`${home.path}/.ssh`) && !/ENOENT|O_RDONLY/.test(line),
    );
    const made = calls.filter((line) => /O_CREAT/.test(line));
    expect(made.length).toBe(1);
    expect(made[0]).toMatch(/\/\.ssh\/[^"]+", O_WRONLY\|O_CREAT\|O_EXCL\|[^,]*, 0600\)/);
    expect(calls.filter((line) => /mkdir/.test(line)).every((line) => /, 0700\)/.test(line))).toBe(true);
    expect(calls.filter((line) => /rename|link/.test(line)).length).toBe(1);
    expect(calls.filter((line) => /chmod/.test(line) && !/0?600\)|0?700\)/.test(line))).toEqual([]);
    expect(modeOf(keyPath())).toBe('600');
  });

  test('a stale key is never used silently: the right one goes beside it, and the old one stays', async () => {
    mkdirSync(join(home.path, '.ssh'), { mode: 0o700 });
    const stale = ownKey();
    writeFileSync(keyPath(), stale, { mode: 0o600 });
    const connected = await bed.bai(['app', 'ssh', bed.session, '--client', 'system', '--', 'echo in'], {
      home: home.path,
    });
    expect(connected).toMatchObject({ code: 0, stdout: 'in\n' });
    expect(readFileSync(keyPath(), 'utf8')).toBe(stale);
    expect(filesIn(join(home.path, '.ssh'))).toHaveLength(2);
  });
});

function ownKey(): string {
  using folder = tempFolder();
  const path = join(folder.path, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
  return readFileSync(path, 'utf8');
}
