/** A file of this machine that is sent. */

import { constants } from 'node:fs';
import { TransferError } from '../../errors.ts';
import { onThisMachine } from '../../files/local-error.ts';
import { type KeptAttributes, shrankError, sizelessError } from '../engine/file-transfer.ts';
import { LocalFile } from './local-disk.ts';

export interface LocalSource extends AsyncDisposable {
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly attributes: KeptAttributes;
  /** Fills the buffer; throws when the file ends before that. */
  fill(bytes: Buffer, position: number): Promise<void>;
  /** Whether size and time are still those that were found at first. */
  isUnchanged(): Promise<boolean>;
}

export function openLocalSource(path: string): Promise<LocalSource> {
  return onThisMachine('read', path, openSource(path));
}

async function openSource(path: string): Promise<LocalSource> {
  // A named pipe in the place of a file would block an ordinary open for ever.
  const nonBlocking = (constants.O_NONBLOCK as number | undefined) ?? 0;
  const file = await LocalFile.open(path, constants.O_RDONLY | nonBlocking);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new TransferError(`${path} is not a regular file`, { code: 'not-a-file' });
    if (found.size === 0 && (await file.read(Buffer.alloc(1), 0)) > 0) {
      throw sizelessError(path);
    }
    return {
      path,
      size: found.size,
      modifiedMs: found.mtimeMs,
      attributes: { mode: found.mode, accessedAt: found.atimeMs / 1000, modifiedAt: found.mtimeMs / 1000 },
      fill: (bytes, position) => onThisMachine('read', path, fill({ file, path }, bytes, position)),
      isUnchanged: async () => {
        const now = await onThisMachine('read', path, file.stat());
        return now.size === found.size && now.mtimeMs === found.mtimeMs;
      },
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function fill(
  { file, path }: { readonly file: LocalFile; readonly path: string },
  bytes: Buffer,
  position: number,
): Promise<void> {
  for (let filled = 0; filled < bytes.length; ) {
    const bytesRead = await file.read(bytes.subarray(filled), position + filled);
    if (bytesRead === 0) throw shrankError(path);
    filled += bytesRead;
  }
}
