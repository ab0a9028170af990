/**
 * The files of a session over one SFTP connection: the seam between the commands and the engine.
 * Every failure is a BaiError that names the path.
 */

import { remotePath } from '../core/remote-path.ts';
import type { TransferSummary } from '../core/transfer-plan.ts';
import { getSources } from './get-sources.ts';
import type { TreeDeps } from './get-tree.ts';
import { listFolder } from './list-folder.ts';
import { putSources } from './put-sources.ts';
import type { RemoteAttributes, RemoteEntry } from './remote-attributes.ts';
import { makeRemoteFolder } from './remote-folder.ts';
import type { RemotePartDeps } from './remote-part.ts';
import { replaceRemote } from './replace-remote.ts';
import { SftpChannel } from './sftp-channel.ts';
import type { SftpConnection } from './sftp-connection.ts';
import { createCleanupRequests, createSftpRequests } from './sftp-requests.ts';
import { Tally, type TreeObserver } from './tally.ts';
import type { TransferJob } from './transfer-job.ts';

export type { Meter } from './one-file.ts';
export type { RemoteAttributes, RemoteEntry, RemoteKind } from './remote-attributes.ts';
export type { TreeObserver } from './tally.ts';
export type { TransferJob } from './transfer-job.ts';

/** Paths in the session are as a user writes them: relative to the home, `~/x`, or absolute. */
export interface RemoteFiles extends AsyncDisposable {
  /**
   * Files and folders into the session. A target is whole or as it was before. The failure of an only source
   * is thrown; what fails inside of folders or among several sources is in the summary, and the rest goes on.
   */
  put(job: TransferJob, observer: TreeObserver): Promise<TransferSummary>;
  /** As `put`, the other way. No name that the server lists leads out of the local target. */
  get(job: TransferJob, observer: TreeObserver): Promise<TransferSummary>;
  /** Unchecked names as the server lists them, without `.` and `..`. */
  list(path: string): AsyncIterable<RemoteEntry>;
  /** Follows links; `lstat` does not. Throws NotFoundError. */
  stat(path: string): Promise<RemoteAttributes>;
  lstat(path: string): Promise<RemoteAttributes>;
  realpath(path: string): Promise<string>;
  /** Throws ConflictError when something is there already. */
  mkdir(path: string): Promise<void>;
  /** A file or a link. */
  remove(path: string): Promise<void>;
  /** An empty folder. */
  removeFolder(path: string): Promise<void>;
  /** Replaces a file that has the new name. */
  rename(from: string, to: string): Promise<void>;
}

export interface RemoteFilesOptions {
  /** Its abort ends every request at once with an InterruptedError. */
  readonly signal: AbortSignal;
  /** How long a server may leave all requests unanswered before the connection counts as lost. */
  readonly stallMs?: number;
}

/** Owns the connection: disposal disposes of it. */
export function createRemoteFiles(connection: SftpConnection, options: RemoteFilesOptions): RemoteFiles {
  const channel = new SftpChannel(connection, { stallMs: 300_000, ...options });
  const deps = { requests: createSftpRequests(channel), cleanup: createCleanupRequests(channel) };
  const run = async (
    move: (job: TransferJob, deps: TreeDeps) => Promise<void>,
    job: TransferJob,
    observer: TreeObserver,
  ): Promise<TransferSummary> => {
    const tally = new Tally(observer, () => channel.over !== undefined);
    await move(job, { ...deps, tally, observer });
    return tally.summary;
  };
  return {
    ...singleOperations(deps),
    put: (job, observer) => run(putSources, job, observer),
    get: (job, observer) => run(getSources, job, observer),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

type SingleOperations = Omit<RemoteFiles, 'put' | 'get' | typeof Symbol.asyncDispose>;

function singleOperations(deps: RemotePartDeps): SingleOperations {
  const { requests, cleanup } = deps;
  return {
    list: (path) => listFolder(remotePath(path), deps),
    stat: (path) => requests.stat(remotePath(path)),
    lstat: (path) => requests.lstat(remotePath(path)),
    realpath: (path) => requests.realpath(remotePath(path)),
    mkdir: (path) => makeRemoteFolder(remotePath(path), requests),
    remove: (path) => requests.remove(remotePath(path)),
    removeFolder: (path) => requests.removeFolder(remotePath(path)),
    // Not to be interrupted: it may take two steps.
    rename: (from, to) => replaceRemote(cleanup, remotePath(from), remotePath(to)),
  };
}
