/** Key files of the user's own, read whole and never more than a key can be. */

import { open } from 'node:fs/promises';
import { noneIfMissing } from '../core/unless-missing.ts';
import { UsageError } from '../errors.ts';

const mostBytes = 64 * 1024;

/** Follows links. Nothing when there is no such file. */
export async function readSmallFile(path: string): Promise<Uint8Array | undefined> {
  const file = await open(path, 'r').catch(noneIfMissing);
  if (file === undefined) return undefined;
  try {
    if (!(await file.stat()).isFile()) throw new UsageError(`${path} is not a file`);
    const bytes = Buffer.alloc(mostBytes + 1);
    let size = 0;
    for (;;) {
      const { bytesRead } = await file.read(bytes, size, bytes.length - size, size);
      size += bytesRead;
      if (bytesRead === 0 || size > mostBytes) break;
    }
    if (size <= mostBytes) return bytes.subarray(0, size);
  } finally {
    await file.close();
  }
  throw new UsageError(`${path} is too large to be a key`);
}
