/** One file of the session onto this machine. */

import { ProtocolError, TransferError } from '../errors.ts';
import { createLocalPart, type LocalPart } from './local-part.ts';
import { type FileObserver, type FilePaths, laneCount, shrankError, sizelessError } from './one-file.ts';
import type { RemotePartDeps } from './remote-part.ts';
import { requestBytes } from './sftp-channel.ts';
import { OpenFlag, type RemoteHandle, type SftpRequests } from './sftp-requests.ts';
import { inWindow, pieces } from './window.ts';

/** Returns the bytes fetched. The target is whole and has the source's size, or is as it was before. */
export async function getFile(
  paths: FilePaths,
  deps: RemotePartDeps,
  observer: FileObserver,
): Promise<number> {
  const { requests, cleanup } = deps;
  const source = await requests.open(paths.remote, OpenFlag.read);
  try {
    const totalBytes = await sourceBytes(requests, source);
    await using part = await createLocalPart(paths.local);
    const meter = observer.started(paths.remote, totalBytes);
    try {
      await fetchPieces({ requests, source, part, totalBytes }, (bytes) => meter.update(bytes));
      await part.commit(totalBytes);
    } finally {
      meter.stop();
    }
    return totalBytes;
  } finally {
    // Nothing depends on the answer, and after a failure there may be none.
    cleanup.close(source).catch(() => {});
  }
}

interface Fetching {
  readonly requests: SftpRequests;
  readonly source: RemoteHandle;
  readonly part: LocalPart;
  readonly totalBytes: number;
}

async function fetchPieces(fetching: Fetching, onFetched: (bytes: number) => void): Promise<void> {
  const { requests, source, part, totalBytes } = fetching;
  let fetchedBytes = 0;
  await inWindow(pieces(totalBytes, requestBytes), laneCount(totalBytes), (isOver) => {
    const buffer = Buffer.allocUnsafe(Math.min(requestBytes, totalBytes));
    return async ({ position, length }) => {
      // A server may answer with less than was asked for, but with nothing only at the end.
      for (let filled = 0; filled < length; ) {
        const bytesRead = await requests.read(source, buffer.subarray(filled, length), position + filled);
        if (bytesRead === 0) throw shrankError(source.path);
        filled += bytesRead;
      }
      if (isOver()) return;
      await part.write(buffer.subarray(0, length), position);
      if (isOver()) return;
      fetchedBytes += length;
      onFetched(fetchedBytes);
    };
  });
}

async function sourceBytes(requests: SftpRequests, source: RemoteHandle): Promise<number> {
  const { kind, size } = await requests.attributes(source);
  if (kind !== 'file' && kind !== 'unknown') {
    throw new TransferError(`${source.path} in the session is no regular file`, { code: 'not-a-file' });
  }
  if (size === undefined) {
    throw new ProtocolError(`the server does not say how large ${source.path} is`);
  }
  if (size > 0) return size;
  if ((await requests.read(source, Buffer.alloc(1), 0)) > 0) throw sizelessError(source.path);
  return 0;
}
