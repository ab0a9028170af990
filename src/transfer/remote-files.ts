/**
 * The files of a session over one SFTP connection: the seam between the commands and the engine.
 * Every failure is a BaiError that names the path.
 */

import type { DryRun } from '../core/sftp/dry-run.ts';
import { remotePath } from '../core/sftp/remote-path.ts';
import { defaultTransferOptions, type TransferOptions } from '../core/sftp/transfer-options.ts';
import type { TransferProblem, TransferSummary } from '../core/sftp/transfer-plan.ts';
import { ChannelPool } from './engine/channel-pool.ts';
import { FileQueue } from './engine/file-queue.ts';
import type { RemoteAttributes, RemoteEntry } from './engine/remote-attributes.ts';
import type { SftpConnection } from './engine/sftp-connection.ts';
import type { TransferJob } from './engine/transfer-job.ts';
import { TransferStats, type TreeObserver } from './engine/transfer-stats.ts';
import { getSources } from './get/get-sources.ts';
import { getStream, type StreamGet } from './get/get-stream.ts';
import { putSources } from './put/put-sources.ts';
import { putStream, type StreamPut } from './put/put-stream.ts';
import { listFolder } from './remote/list-folder.ts';
import { remoteChecksums, type SizedPath } from './remote/remote-checksums.ts';
import { makeRemoteFolder } from './remote/remote-folder.ts';
import { renameRemote } from './remote/replace-remote.ts';
import { TarUse } from './tar/tar-use.ts';
import type { ResumePlace, TransferRun } from './tar/transfer-run.ts';

export type { Meter } from './engine/file-transfer.ts';
export type { RemoteAttributes, RemoteEntry, RemoteKind } from './engine/remote-attributes.ts';
export type { TransferJob } from './engine/transfer-job.ts';
export type { TreeObserver } from './engine/transfer-stats.ts';

/** Paths in the session are as a user writes them: relative to the home, `~/x`, or absolute. */
export interface RemoteFiles extends AsyncDisposable {
  /**
   * Files and folders into the session. A target is whole or as it was before. The failure of an only source
   * is thrown; what fails inside of folders or among several sources is in the summary, and the rest goes on.
   */
  put(job: TransferJob, observer: TreeObserver): Promise<TransferSummary>;
  /** As `put`, the other way. No name that the server lists leads out of the local target. */
  get(job: TransferJob, observer: TreeObserver): Promise<TransferSummary>;
  /** A stream of unknown length into the session, without a copy on this machine; it cannot be resumed by a later run. */
  putStream(job: StreamJob<Omit<StreamPut, 'signal'>>, observer: TreeObserver): Promise<TransferSummary>;
  /** A file of the session as a stream, in order; what is wrong with it is known only when it has been written. */
  getStream(job: StreamJob<StreamGet>, observer: TreeObserver): Promise<TransferSummary>;
  /** Unchecked names as the server lists them, without `.` and `..`. */
  list(path: string): AsyncIterable<RemoteEntry>;
  /** Follows links; `lstat` does not. Throws NotFoundError. */
  stat(path: string): Promise<RemoteAttributes>;
  lstat(path: string): Promise<RemoteAttributes>;
  realpath(path: string): Promise<string>;
  /** SHA-256 in hexadecimal by path, as given; what cannot be read is left out. */
  checksums(
    files: readonly SizedPath[],
    limit?: Pick<TransferOptions, 'bytesPerSecond'>,
  ): Promise<ReadonlyMap<string, string>>;
  /** Throws ConflictError when something is there already. */
  mkdir(path: string): Promise<void>;
  /** Permission bits; follows links. */
  changeMode(path: string, mode: number): Promise<void>;
  /** A file or a link. */
  remove(path: string): Promise<void>;
  /** An empty folder. */
  removeFolder(path: string): Promise<void>;
  /** Replaces a file or a link that has the new name, and nothing else. */
  rename(from: string, to: string): Promise<void>;
}

type StreamJob<T> = T & { readonly options: TransferOptions };

interface RemoteFilesOptions {
  /** Its abort ends every request at once with an InterruptedError. */
  readonly signal: AbortSignal;
  /** How long a server may leave all requests unanswered before the connection counts as lost. */
  readonly stallMs?: number;
  /** How long a program of the session may be silent that has next to nothing to do. */
  readonly programMs?: number;
  /** One more connection to the same session, for speed and after a loss; without it a loss is the end. */
  readonly dial?: () => Promise<SftpConnection>;
  /** Where is remembered how far large files came; without it put starts over in every run. */
  readonly resume?: ResumePlace;
  /** As in `SftpChannelOptions`. */
  readonly waiting?: (limitMs: number) => Disposable;
  /** Told of what goes another way than it should, without harm, where no observer is. */
  readonly onTrouble?: (problem: TransferProblem) => void;
  /** How many connections a measurement found to be good for this session; without it that is found out on the way. */
  readonly hint?: number | undefined;
}

/** Owns the connection: disposal disposes of it. */
export function createRemoteFiles(connection: SftpConnection, options: RemoteFilesOptions): RemoteFiles {
  const { signal, stallMs = 300_000, programMs = 60_000, dial, resume, hint } = options;
  const { onTrouble = () => {}, waiting } = options;
  const pool = new ChannelPool(connection, { signal, stallMs, programMs, dial, hint, waiting });
  pool.onTrouble = onTrouble;
  const run = async (
    direction: ChannelPool['direction'],
    observer: TreeObserver,
    { options: jobOptions = defaultTransferOptions, plan, move }: Move,
  ): Promise<TransferSummary> => {
    pool.direction = direction;
    pool.keepTo(jobOptions.bytesPerSecond);
    if (plan !== undefined) pool.stayAsItIs();
    const stats = new TransferStats(observer, () => pool.over !== undefined);
    const queue = new FileQueue();
    const tar = new TarUse(pool, jobOptions);
    pool.onRetry = (problem) => stats.retrying(problem);
    pool.onTrouble = (problem) => observer.retrying?.(problem);
    try {
      await tar.require();
      await move({
        ...{ pool, requests: pool.requests, stats, observer },
        ...{ options: jobOptions, queue, tar, resume, plan },
      });
    } finally {
      // What is on its way has to take its parts along, whatever ended the walk.
      await tar.queue.settle();
      await queue.settle();
      pool.onTrouble = onTrouble;
      const left = await pool.leftovers();
      if (left.length > 0) observer.left?.(left);
    }
    tar.queue.throwFailure();
    queue.throwFailure();
    return stats.summary;
  };
  const at = <T extends { readonly remote: string }>(job: T): T => ({
    ...job,
    remote: remotePath(job.remote),
  });
  return {
    ...singleOperations(pool),
    put: (job, observer) => run('put', observer, { ...job, move: (each) => putSources(job, each) }),
    get: (job, observer) => run('get', observer, { ...job, move: (each) => getSources(job, each) }),
    putStream: (job, observer) =>
      run('put', observer, { ...job, move: (each) => putStream({ ...at(job), signal }, each) }),
    getStream: (job, observer) => run('get', observer, { ...job, move: (each) => getStream(at(job), each) }),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

interface Move {
  readonly options?: TransferOptions;
  readonly plan?: DryRun;
  readonly move: (run: TransferRun) => Promise<void>;
}

type SingleOperations = Omit<
  RemoteFiles,
  'put' | 'get' | 'putStream' | 'getStream' | typeof Symbol.asyncDispose
>;

/** What changes something is never sent twice: its first answer may have been lost after it was done. */
function singleOperations(pool: ChannelPool): SingleOperations {
  const { requests } = pool;
  return {
    list: (path) => listFolder(remotePath(path), pool),
    stat: (path) => requests.stat(remotePath(path)),
    lstat: (path) => requests.lstat(remotePath(path)),
    checksums: (files, { bytesPerSecond } = {}) => {
      // What the session cannot compute is read back.
      pool.keepTo(bytesPerSecond);
      return remoteChecksums(files, pool);
    },
    realpath: (path) => requests.realpath(remotePath(path)),
    mkdir: async (path) => makeRemoteFolder(remotePath(path), (await pool.lane()).requests),
    changeMode: (path, mode) => requests.changeMode(remotePath(path), mode),
    remove: async (path) => (await pool.lane()).requests.remove(remotePath(path)),
    removeFolder: async (path) => (await pool.lane()).requests.removeFolder(remotePath(path)),
    rename: async (from, to) => renameRemote(await pool.lane(), remotePath(from), remotePath(to)),
  };
}
