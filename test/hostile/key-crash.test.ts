/** The writing of a key, cut off or refused at each of its system calls, in the command as it is built. */

import { execFile, execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type EmulatorBed, filesIn, openEmulator } from '../contract/app-bed.ts';
import { cleanEnvironment, launcher } from '../support/bai.ts';

const run = promisify(execFile);

const canTrace = ((): boolean => {
  try {
    execFileSync('strace', ['-f', '-o', '/dev/null', '-e', 'inject=fsync:error=EIO', 'true'], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!canTrace)('a key file', () => {
  let bed: EmulatorBed;
  let key: string;
  const ssh = (...parts: string[]): string => join(bed.home, '.ssh', ...parts);

  beforeAll(async () => {
    bed = await openEmulator();
    const id = await bed.create('demo');
    key = readFileSync(join(bed.emulator.sessions.get(id).home ?? '', 'id_container'), 'utf8');
  });

  beforeEach(() => rm(ssh(), { recursive: true, force: true }));

  afterAll(() => bed?.[Symbol.asyncDispose]());

  /** `bai key fetch` under umask 0, with a fault at a system call on something in the ssh folder. */
  async function fetchWith(fault: string): Promise<{ code: number; stdout: string; stderr: string }> {
    const strace = ['-f', '-o', join(bed.home, 'trace'), '-e', fault];
    const words = [...strace, process.execPath, launcher, 'key', 'fetch', 'demo'];
    const env = cleanEnvironment({ home: bed.home, env: bed.env });
    const options = { env, cwd: bed.home };
    return run('sh', ['-c', 'umask 000; exec strace "$@"', 'sh', ...words], options).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code?: number; stdout: string; stderr: string }) => ({
        code: error.code ?? -1,
        stdout: error.stdout,
        stderr: error.stderr,
      }),
    );
  }

  /** Each file in the ssh folder is for its owner alone; `id_container` is whole, or not there. */
  function check(): void {
    if (!existsSync(ssh())) return;
    expect((lstatSync(ssh()).mode & 0o777).toString(8)).toBe('700');
    for (const name of filesIn(ssh())) expect([name, lstatSync(ssh(name)).mode & 0o077]).toEqual([name, 0]);
    if (existsSync(ssh('id_container'))) expect(readFileSync(ssh('id_container'), 'utf8')).toBe(key);
  }

  test.each(['fchmod', 'fsync', 'link', 'unlink'])(
    'killed at its first %s: no torn key, no wider mode, and the next run puts it right',
    async (call) => {
      const calls =
        { link: 'link,linkat,rename,renameat,renameat2', unlink: 'unlink,unlinkat' }[call] ?? call;
      const killed = await fetchWith(`inject=${calls}:signal=KILL:when=1`);
      expect(killed.code).not.toBe(0);
      check();
      expect((await bed.bai(['key', 'fetch', 'demo'])).code).toBe(0);
      expect(readFileSync(ssh('id_container'), 'utf8')).toBe(key);
      check();
    },
  );

  test('killed when the new file has nothing in it: no key is there under its name', async () => {
    const killed = await fetchWith('inject=fchmod:signal=KILL:when=1');
    expect(killed.code).not.toBe(0);
    expect(existsSync(ssh('id_container'))).toBe(false);
  });

  test.each(['EPERM', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])(
    'a file system without hard links (%s): the key is written all the same, and nothing beside it',
    async (error) => {
      expect(await fetchWith(`inject=link,linkat:error=${error}`)).toMatchObject({ code: 0 });
      expect(filesIn(ssh())).toEqual(['id_container']);
      check();
      // One of a different session is not replaced there either.
      expect((await fetchWith(`inject=link,linkat:error=${error}`)).code).toBe(0);
      expect(filesIn(ssh())).toEqual(['id_container']);
    },
  );

  test.each(['ENOSPC', 'EDQUOT', 'EIO'])(
    '%s when the key is synced: it is said, and nothing is left',
    async (error) => {
      const failed = await fetchWith(`inject=fsync:error=${error}:when=1`);
      expect([failed.code === 0, failed.stdout]).toEqual([false, '']);
      expect(failed.stderr).toMatch(error === 'EIO' ? /EIO|i\/o error|disk/i : /no space is left/);
      expect(filesIn(ssh())).toEqual([]);
    },
  );

  test('without hard links, several commands at once leave one whole key', async () => {
    const runs = await Promise.all(
      Array.from({ length: 3 }, () => fetchWith('inject=link,linkat:error=EPERM')),
    );
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(filesIn(ssh())).toEqual(['id_container']);
    check();
  });
});
