/** Mounts of a test's own, where the machine allows them. */

import { execFileSync } from 'node:child_process';

export const inNamespace = process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount'];

export const canMount = ((): boolean => {
  try {
    execFileSync('unshare', [...inNamespace, 'sh', '-c', 'mount -t tmpfs none /mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
