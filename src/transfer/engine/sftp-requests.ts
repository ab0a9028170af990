/** The requests of SFTP 3 and of OpenSSH's extensions that bai uses, as promises. */

import type { SFTPWrapper } from 'ssh2';
import { readFolderInFull } from '../../ssh/ssh2-internals.ts';
import { type RemoteAttributes, type RemoteEntry, readAttributes, readEntries } from './remote-attributes.ts';
import type { SftpCall, SftpChannel } from './sftp-channel.ts';
import { refusedToOpen, SftpStatus, sftpStatus } from './sftp-error.ts';

/** An open file or folder in the session; the path is for messages. */
export interface RemoteHandle {
  readonly id: Buffer;
  readonly path: string;
}

/** Bits of the open request on the wire. */
export const OpenFlag = { read: 0x01, write: 0x02, create: 0x08, exclusive: 0x20 } as const;

type Done = (error: unknown, answer?: unknown) => void;

export interface SftpRequests {
  /** `mode` is what the server's umask is applied to. */
  open(path: string, flags: number, mode?: number): Promise<RemoteHandle>;
  openFolder(path: string): Promise<RemoteHandle>;
  close(handle: RemoteHandle): Promise<void>;
  /** Bytes that arrived; 0 at the end of the file. */
  read(handle: RemoteHandle, into: Buffer, position: number): Promise<number>;
  write(handle: RemoteHandle, bytes: Buffer, position: number): Promise<void>;
  /** The next part of a listing, nothing at its end. */
  readFolder(handle: RemoteHandle): Promise<readonly RemoteEntry[] | undefined>;
  attributes(handle: RemoteHandle): Promise<RemoteAttributes>;
  setMode(handle: RemoteHandle, mode: number): Promise<void>;
  setOwner(handle: RemoteHandle, uid: number, gid: number): Promise<void>;
  /** In seconds since 1970. */
  setTimes(handle: RemoteHandle, accessedAt: number, modifiedAt: number): Promise<void>;
  truncate(handle: RemoteHandle, size: number): Promise<void>;
  sync(handle: RemoteHandle): Promise<void>;
  stat(path: string): Promise<RemoteAttributes>;
  lstat(path: string): Promise<RemoteAttributes>;
  realpath(path: string): Promise<string>;
  /** Follows links. */
  changeMode(path: string, mode: number): Promise<void>;
  mkdir(path: string): Promise<void>;
  remove(path: string): Promise<void>;
  removeFolder(path: string): Promise<void>;
  /** Fails when something has the new name, on most servers. */
  rename(from: string, to: string): Promise<void>;
  /** Replaces what has the new name in one step; only where `posix-rename@openssh.com` is offered. */
  posixRename(from: string, to: string): Promise<void>;
  /** Free bytes of the file system; only where `statvfs@openssh.com` is offered. */
  freeBytes(path: string): Promise<number>;
  offers(extension: string): boolean;
}

export function createSftpRequests(channel: SftpChannel): SftpRequests {
  return buildRequests(channel, (call) => channel.call(call));
}

/** The same for taking back what was begun: these are sent after Ctrl-C too. */
export interface CleanupRequests extends SftpRequests {
  /** What could not be taken away is told. */
  left(path: string): void;
}

export function createCleanupRequests(
  channel: SftpChannel,
  left: (path: string) => void = () => {},
): CleanupRequests {
  return { ...buildRequests(channel, (call) => channel.callForCleanup(call)), left };
}

type Send = <T>(call: SftpCall<T>) => Promise<T>;

/** `send` may choose a channel for each request. */
export function buildRequests(channel: Pick<SftpChannel, 'offers'>, send: Send): SftpRequests {
  return {
    ...handleRequests(send),
    ...pathRequests(send),
    offers: (extension) => channel.offers(extension),
  };
}

function handleRequests(send: Send) {
  const onHandle = command(send);
  return {
    open: (path: string, flags: number, mode?: number) =>
      send({
        action: flags & OpenFlag.write ? 'write' : 'read',
        path,
        send: (sftp, done) =>
          mode === undefined ? sftp.open(path, flags, done) : sftp.open(path, flags, { mode }, done),
        read: (answer) => toHandle(answer, path),
      }).catch(refusedToOpen),
    openFolder: (path: string) =>
      send({
        action: 'list',
        path,
        send: (sftp, done) => sftp.opendir(path, done),
        read: (answer) => toHandle(answer, path),
      }).catch(refusedToOpen),
    close: ({ id, path }: RemoteHandle) => onHandle('close', path, (sftp, done) => sftp.close(id, done)),
    read: ({ id, path }: RemoteHandle, into: Buffer, position: number) =>
      send({
        action: 'read',
        path,
        send: (sftp, done) => sftp.read(id, into, 0, into.length, position, done),
        read: (answer) => (typeof answer === 'number' ? answer : undefined),
      }),
    write: ({ id, path }: RemoteHandle, bytes: Buffer, position: number) =>
      onHandle('write', path, (sftp, done) => sftp.write(id, bytes, 0, bytes.length, position, done)),
    readFolder: (handle: RemoteHandle) => readFolder(send, handle),
    attributes: ({ id, path }: RemoteHandle) =>
      send({ action: 'look at', path, send: (sftp, done) => sftp.fstat(id, done), read: readAttributes }),
    setMode: ({ id, path }: RemoteHandle, mode: number) =>
      onHandle('set the mode of', path, (sftp, done) => sftp.fchmod(id, mode, done)),
    setOwner: ({ id, path }: RemoteHandle, uid: number, gid: number) =>
      onHandle('set the owner of', path, (sftp, done) => sftp.fchown(id, uid, gid, done)),
    setTimes: ({ id, path }: RemoteHandle, accessedAt: number, modifiedAt: number) =>
      onHandle('set the times of', path, (sftp, done) => sftp.futimes(id, accessedAt, modifiedAt, done)),
    truncate: ({ id, path }: RemoteHandle, size: number) =>
      onHandle('write', path, (sftp, done) => sftp.fsetstat(id, { size }, done)),
    sync: ({ id, path }: RemoteHandle) =>
      onHandle('write', path, (sftp, done) => sftp.ext_openssh_fsync(id, done)),
  };
}

function pathRequests(send: Send) {
  const onPath = command(send);
  return {
    stat: (path: string) =>
      send({ action: 'look at', path, send: (sftp, done) => sftp.stat(path, done), read: readAttributes }),
    lstat: (path: string) =>
      send({ action: 'look at', path, send: (sftp, done) => sftp.lstat(path, done), read: readAttributes }),
    realpath: (path: string) =>
      send({
        action: 'find',
        path,
        send: (sftp, done) => sftp.realpath(path, done),
        read: (answer) => (typeof answer === 'string' && answer !== '' ? answer : undefined),
      }),
    changeMode: (path: string, mode: number) =>
      onPath('set the mode of', path, (sftp, done) => sftp.chmod(path, mode, done)),
    mkdir: (path: string) => onPath('make', path, (sftp, done) => sftp.mkdir(path, done)),
    remove: (path: string) => onPath('remove', path, (sftp, done) => sftp.unlink(path, done)),
    removeFolder: (path: string) => onPath('remove', path, (sftp, done) => sftp.rmdir(path, done)),
    rename: (from: string, to: string) =>
      onPath('rename', `${from} to ${to}`, (sftp, done) => sftp.rename(from, to, done)),
    posixRename: (from: string, to: string) =>
      onPath('rename', `${from} to ${to}`, (sftp, done) => sftp.ext_openssh_rename(from, to, done)),
    freeBytes: (path: string) =>
      send({
        action: 'look at',
        path,
        send: (sftp, done) => sftp.ext_openssh_statvfs(path, done),
        read: toFreeBytes,
      }),
  };
}

/** A request that is answered by "done" alone. */
function command(send: Send) {
  return async (action: string, path: string, request: SftpCall<true>['send']): Promise<void> => {
    await send({ action, path, send: request, read: readDone });
  };
}

/** Data or a handle, say, in the place of "done" is no success. Of a write ssh2 shows nothing but the count of its bytes. */
function readDone(answer: unknown): true | undefined {
  return answer === undefined || typeof answer === 'number' ? true : undefined;
}

async function readFolder(send: Send, handle: RemoteHandle): Promise<readonly RemoteEntry[] | undefined> {
  try {
    return await send({
      action: 'list',
      path: handle.path,
      send: (sftp: SFTPWrapper, done: Done) => readFolderInFull(sftp, handle.id, done),
      // A part without entries would let a server keep us reading for ever.
      read: (answer) => {
        const entries = readEntries(answer);
        return entries !== undefined && entries.length > 0 ? entries : undefined;
      },
    });
  } catch (error) {
    if (sftpStatus(error) === SftpStatus.endOfFile) return undefined;
    throw error;
  }
}

function toHandle(answer: unknown, path: string): RemoteHandle | undefined {
  return Buffer.isBuffer(answer) ? { id: answer, path } : undefined;
}

function toFreeBytes(answer: unknown): number | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  const blocks: unknown = Reflect.get(answer, 'f_bavail');
  const blockBytes: unknown = Reflect.get(answer, 'f_frsize');
  return typeof blocks === 'number' && typeof blockBytes === 'number' ? blocks * blockBytes : undefined;
}
