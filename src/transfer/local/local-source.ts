/** A file of this machine that is sent. */

import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { TransferError } from '../../errors.ts';
import { onThisMachine } from '../../files/local-error.ts';
import { type KeptAttributes, shrankError, sizelessError } from '../engine/file-transfer.ts';
import { ask, LocalFile } from './local-disk.ts';

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

/** A named pipe in the place of a file would block an ordinary open for ever. */
const openFlags = constants.O_RDONLY | ((constants.O_NONBLOCK as number | undefined) ?? 0);

async function openSource(path: string): Promise<LocalSource> {
  const file = await LocalFile.open(path, openFlags);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw notAFileError(path);
    if (found.size === 0 && (await file.read(Buffer.alloc(1), 0)) > 0) {
      throw sizelessError(path);
    }
    return {
      path,
      size: found.size,
      modifiedMs: found.mtimeMs,
      attributes: attributesOf(found),
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

interface WholeSource {
  readonly content: Buffer;
  readonly attributes: KeptAttributes;
}

/** All of a small file, in the given bytes; nothing when it does not fit into them. As `openLocalSource` and `fill`, in one call of the disk. */
export function readLocalSource(path: string, bytes: Buffer): Promise<WholeSource | undefined> {
  const reading = async (): Promise<WholeSource | undefined> =>
    ask(
      () => readHere(path, bytes),
      () => readByThread(path, bytes),
    );
  return onThisMachine('read', path, reading());
}

function readHere(path: string, bytes: Buffer): WholeSource | undefined {
  const descriptor = openSync(path, openFlags);
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) throw notAFileError(path);
    if (found.size === 0 && readSync(descriptor, Buffer.alloc(1), 0, 1, 0) > 0) throw sizelessError(path);
    if (found.size > bytes.length) return undefined;
    const content = bytes.subarray(0, found.size);
    for (let filled = 0; filled < content.length; ) {
      const bytesRead = readSync(descriptor, content, filled, content.length - filled, filled);
      if (bytesRead === 0) throw shrankError(path);
      filled += bytesRead;
    }
    return { content, attributes: attributesOf(found) };
  } finally {
    closeSync(descriptor);
  }
}

async function readByThread(path: string, bytes: Buffer): Promise<WholeSource | undefined> {
  await using source = await openSource(path);
  if (source.size > bytes.length) return undefined;
  const content = bytes.subarray(0, source.size);
  await source.fill(content, 0);
  return { content, attributes: source.attributes };
}

/** What a file is sent with under `--preserve`. Windows has no modes; those that Node tells of there are made up. */
export function attributesOf(
  { mode, atimeMs, mtimeMs }: Pick<Stats, 'mode' | 'atimeMs' | 'mtimeMs'>,
  platform: NodeJS.Platform = process.platform,
): KeptAttributes {
  const times = { accessedAt: atimeMs / 1000, modifiedAt: mtimeMs / 1000 };
  return platform === 'win32' ? times : { mode, ...times };
}

function notAFileError(path: string): TransferError {
  return new TransferError(`${path} is not a regular file`, { code: 'not-a-file' });
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
