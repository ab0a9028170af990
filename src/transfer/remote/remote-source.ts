/** A file of the session that is fetched. */

import { BaiError, ProtocolError, TransferError } from '../../errors.ts';
import { changedError, shrankError, sizelessError } from '../engine/file-transfer.ts';
import type { RemoteAttributes } from '../engine/remote-attributes.ts';
import { requestBytes } from '../engine/sftp-channel.ts';
import { OpenFlag, type RemoteHandle, type SftpRequests } from '../engine/sftp-requests.ts';

export interface RemoteSource {
  readonly path: string;
  readonly size: number;
  readonly attributes: RemoteAttributes;
}

export interface OpenedSource extends RemoteSource {
  readonly handle: RemoteHandle;
  /** Its first bytes, where they were read while it was opened. */
  readonly first?: Buffer | undefined;
}

/** The caller closes the handle. Of a file that is `expected` to have so many bytes these are read at once, where that is one request. */
export async function openRemoteSource(
  requests: SftpRequests,
  path: string,
  expected = 0,
): Promise<OpenedSource> {
  const handle = await requests.open(path, OpenFlag.read);
  try {
    const asked = requests.attributes(handle);
    const isOne = expected > 0 && expected <= requestBytes;
    const read = isOne ? readFirst(requests, handle, expected) : undefined;
    read?.catch(() => {});
    const attributes = await asked;
    checkSource(path, attributes);
    const { size } = attributes;
    if (size === undefined) throw new ProtocolError(`the server does not say how large ${path} is`);
    if (size === expected && size > 0) return { path, size, attributes, handle, first: await read };
    if (size === 0 && (await requests.read(handle, Buffer.alloc(1), 0)) > 0) throw sizelessError(path);
    return { path, size, attributes, handle };
  } catch (error) {
    requests.close(handle).catch(() => {});
    throw error;
  }
}

/** Nothing where it did not come whole: it is read in the ordinary way then, which says what is wrong. */
async function readFirst(
  requests: SftpRequests,
  handle: RemoteHandle,
  bytes: number,
): Promise<Buffer | undefined> {
  const first = Buffer.allocUnsafe(bytes);
  try {
    return (await requests.read(handle, first, 0)) === bytes ? first : undefined;
  } catch (error) {
    if (error instanceof BaiError) return undefined;
    throw error;
  }
}

/** Before it is opened, too: a server waits in that for somebody to write to a pipe, and answers nothing meanwhile. */
export function checkSource(path: string, { kind }: RemoteAttributes): void {
  if (kind === 'file' || kind === 'unknown') return;
  throw new TransferError(`${path} in the session is not a regular file`, { code: 'not-a-file' });
}

/** Opens it once more, and throws when it is no longer what was found at first. */
export async function reopenRemoteSource(
  requests: SftpRequests,
  source: RemoteSource,
): Promise<RemoteHandle> {
  const handle = await requests.open(source.path, OpenFlag.read);
  const { size, modifiedAt } = await requests.attributes(handle);
  if (size === source.size && modifiedAt === source.attributes.modifiedAt) return handle;
  requests.close(handle).catch(() => {});
  throw changedError(source.path);
}

/** Fills the buffer: a server may answer with less than was asked for, but with nothing only at the end. */
export async function readFully(
  requests: SftpRequests,
  handle: RemoteHandle,
  { bytes, position }: { readonly bytes: Buffer; readonly position: number },
): Promise<void> {
  for (let filled = 0; filled < bytes.length; ) {
    const bytesRead = await requests.read(handle, bytes.subarray(filled), position + filled);
    if (bytesRead === 0) throw shrankError(handle.path);
    filled += bytesRead;
  }
}
