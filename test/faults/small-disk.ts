/** A disk of its own that can be as full as a case wants. */

import { execFileSync } from 'node:child_process';
import { mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';

export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  /** Fills it up to so many bytes. */
  leave(bytes: number): Promise<void>;
  /** Takes away what filled it. */
  clear(): Promise<void>;
}

/** Why there can be none here, or nothing. */
export const smallDiskMissing: string | undefined = problem();

export async function mountSmallDisk(path: string, megabytes: number): Promise<SmallDisk> {
  await mkdir(path, { recursive: true });
  const options = `size=${megabytes}m,mode=0755`;
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'bai-test', path], { stdio: 'pipe' });
  const filler = join(path, '.filler');
  return {
    path,
    async leave(bytes) {
      const { bavail, bsize } = await statfs(path);
      const taken = Math.max(0, bavail - Math.ceil(bytes / bsize)) * bsize;
      if (taken > 0) execFileSync('fallocate', ['-l', String(taken), filler], { stdio: 'pipe' });
    },
    clear: () => rm(filler, { force: true }),
    [Symbol.asyncDispose]: async () => {
      execFileSync('umount', ['--lazy', path]);
    },
  };
}

function problem(): string | undefined {
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'bai-test', '/mnt'], { stdio: 'ignore' });
    return process.getuid?.() === 0 ? undefined : 'only root may mount a small disk';
  } catch {
    return 'only root may mount a small disk';
  }
}
