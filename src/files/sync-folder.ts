/** A new name must survive a power cut as well as what it names. */

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { systemCode } from '../errors.ts';

/** Some systems and file systems sync no folder; what is in the file is safe even so. */
const cannot: ReadonlySet<string | undefined> = new Set([
  ...['EINVAL', 'EPERM', 'EISDIR', 'EACCES', 'EBADF'],
  ...['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'],
]);

export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!cannot.has(systemCode(error))) throw error;
  }
}
