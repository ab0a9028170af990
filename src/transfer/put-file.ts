/** One file of this machine into the session. */

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { TransferError } from '../errors.ts';
import { onThisMachine } from './local-error.ts';
import { type FileObserver, type FilePaths, laneCount, shrankError, sizelessError } from './one-file.ts';
import { createRemotePart, type RemotePart, type RemotePartDeps } from './remote-part.ts';
import { requestBytes } from './sftp-channel.ts';
import { inWindow, type Piece, pieces } from './window.ts';

/** Returns the bytes sent. The target is whole and has the source's size, or is as it was before. */
export async function putFile(
  paths: FilePaths,
  deps: RemotePartDeps,
  observer: FileObserver,
): Promise<number> {
  const { local, remote } = paths;
  const source = await onThisMachine('read', local, openSource(local));
  try {
    const totalBytes = await sourceBytes(source, local);
    await using part = await createRemotePart(remote, deps);
    const meter = observer.started(local, totalBytes);
    try {
      await sendPieces({ source, local, part, totalBytes }, (bytes) => meter.update(bytes));
      await part.commit(totalBytes);
    } finally {
      meter.stop();
    }
    return totalBytes;
  } finally {
    await source.close();
  }
}

interface Sending {
  readonly source: FileHandle;
  readonly local: string;
  readonly part: RemotePart;
  readonly totalBytes: number;
}

async function sendPieces(sending: Sending, onSent: (bytes: number) => void): Promise<void> {
  const { source, local, part, totalBytes } = sending;
  let sentBytes = 0;
  await inWindow(pieces(totalBytes, requestBytes), laneCount(totalBytes), (isOver) => {
    const buffer = Buffer.allocUnsafe(Math.min(requestBytes, totalBytes));
    return async (piece) => {
      const bytes = buffer.subarray(0, piece.length);
      await onThisMachine('read', local, fill(source, bytes, piece, local));
      if (isOver()) return;
      await part.write(bytes, piece.position);
      if (isOver()) return;
      sentBytes += piece.length;
      onSent(sentBytes);
    };
  });
}

/** A named pipe in the place of a file would block an ordinary open for ever. */
function openSource(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | ((constants.O_NONBLOCK as number | undefined) ?? 0));
}

async function sourceBytes(source: FileHandle, path: string): Promise<number> {
  const attributes = await onThisMachine('read', path, source.stat());
  if (!attributes.isFile()) {
    throw new TransferError(`${path} is no regular file`, { code: 'not-a-file' });
  }
  if (attributes.size > 0) return attributes.size;
  const { bytesRead } = await onThisMachine('read', path, source.read(Buffer.alloc(1), 0, 1, 0));
  if (bytesRead > 0) throw sizelessError(path);
  return 0;
}

async function fill(source: FileHandle, bytes: Buffer, piece: Piece, path: string): Promise<void> {
  for (let filled = 0; filled < bytes.length; ) {
    const { bytesRead } = await source.read(bytes, filled, bytes.length - filled, piece.position + filled);
    if (bytesRead === 0) throw shrankError(path);
    filled += bytesRead;
  }
}
