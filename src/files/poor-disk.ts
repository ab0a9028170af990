/** What some file systems do not offer: FAT has no modes, network disks and those of FUSE lack this or that. */

import { systemCode } from '../errors.ts';

const unsupported: ReadonlySet<string | undefined> = new Set([
  ...['ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL'],
  // So FAT refuses a mode that it cannot hold.
  'EPERM',
]);

/** Waits for a mode, a time or a sync of a file of our own, and lets it pass that the disk has no such thing. */
export async function ifOffered(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!unsupported.has(systemCode(error))) throw error;
  }
}
