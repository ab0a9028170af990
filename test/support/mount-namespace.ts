/** Disks of a test's own, in a mount namespace: for root at once, for others in a user namespace. */

import { execFileSync } from 'node:child_process';

/** Flags of `unshare`. */
export const inNamespace = process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount'];

export const canMount = ((): boolean => {
  try {
    execFileSync('unshare', [...inNamespace, 'sh', '-c', 'mount -t tmpfs none /mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
