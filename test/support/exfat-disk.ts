/** A disk without hard links, symbolic links and modes: exFAT in an image, by whatever driver this machine has. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from './temp-folder.ts';

export interface ExfatDisk extends Disposable {
  readonly path: string;
}

/** In a folder of the test's own. Throws where there can be none. */
export function mountExfat(folder: string): ExfatDisk {
  const [image, path] = [join(folder, 'exfat.img'), join(folder, 'exfat')];
  writeFileSync(image, '');
  truncateSync(image, 256 * 1024 * 1024);
  mkdirSync(path);
  run('mkfs.exfat', image);
  const device = run('losetup', '--find', '--show', image);
  try {
    mount(device, path);
  } catch (error) {
    run('losetup', '--detach', device);
    throw error;
  }
  return {
    path,
    [Symbol.dispose]() {
      run('umount', path);
      run('losetup', '--detach', device);
    },
  };
}

function mount(device: string, path: string): void {
  try {
    run('mount', '-t', 'exfat', device, path);
  } catch {
    run('mount.exfat-fuse', device, path);
  }
}

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    .toString()
    .trim();
}

/** Why there can be none here, or nothing. */
export const exfatMissing: string | undefined = ((): string | undefined => {
  using folder = tempFolder();
  try {
    using _disk = mountExfat(folder.path);
    return undefined;
  } catch {
    return 'no exFAT here: it takes root, loop devices, exfatprogs, and exfat-fuse or a driver of the kernel';
  }
})();
