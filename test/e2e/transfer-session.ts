/** A connection to a test server as the engine gets it, and what its tests watch. */

import { mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type Client, type SFTPWrapper } from 'ssh2';
import type { Reporter } from '../../src/core/reporter.ts';
import type { TransferProblem } from '../../src/core/sftp/transfer-plan.ts';
import { UnreachableError } from '../../src/errors.ts';
import type { SftpConnection } from '../../src/transfer/engine/sftp-connection.ts';
import { createRemoteFiles, type RemoteFiles, type TreeObserver } from '../../src/transfer/remote-files.ts';

export interface ServerAddress {
  readonly port: number;
  readonly user: string;
  readonly privateKeyPath: string;
}

export interface OpenOptions {
  readonly signal?: AbortSignal;
  readonly stallMs?: number;
}

export async function openFiles(server: ServerAddress, options: OpenOptions = {}): Promise<RemoteFiles> {
  const { stallMs, signal = new AbortController().signal } = options;
  const connection = await connectSftp(server);
  return createRemoteFiles(connection, stallMs === undefined ? { signal } : { signal, stallMs });
}

export async function connectSftp(server: ServerAddress): Promise<SftpConnection> {
  const client = new ssh2.Client();
  const lost = new Promise<never>((_, reject) => {
    client.on('error', (cause) => reject(new UnreachableError('the connection broke', { cause })));
    client.on('close', () => reject(new UnreachableError('the connection was closed')));
  });
  lost.catch(() => {});
  const ready = new Promise<void>((resolve) => client.once('ready', resolve));
  client.connect({
    host: '127.0.0.1',
    port: server.port,
    username: server.user,
    privateKey: await readFile(server.privateKeyPath),
  });
  await Promise.race([ready, lost]);
  const sftp = await Promise.race([openChannel(client), lost]);
  return {
    sftp,
    lost,
    [Symbol.asyncDispose]: async () => {
      const closed = lost.catch(() => {});
      client.end();
      await closed;
    },
  };
}

function openChannel(client: Client): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) => {
    client.sftp((error, sftp) => (error ? reject(error) : resolve(sftp)));
  });
}

export interface Watcher extends TreeObserver {
  readonly failures: TransferProblem[];
  readonly skips: TransferProblem[];
  /** Bytes the last file has come to. */
  bytes: number;
}

/** `onBytes` is called whenever a file has come further. */
export function watch(onBytes: (bytes: number) => void = () => {}): Watcher {
  const watcher: Watcher = {
    failures: [],
    skips: [],
    bytes: 0,
    started: () => ({
      update: (bytes) => {
        watcher.bytes = bytes;
        onBytes(bytes);
      },
      stop: () => {},
    }),
    failed: (problem) => watcher.failures.push(problem),
    skipped: (problem) => watcher.skips.push(problem),
  };
  return watcher;
}

export interface RecordingReporter extends Reporter {
  readonly results: { readonly value: unknown; readonly human: unknown }[];
  readonly infos: string[];
  readonly warnings: string[];
  /** Labels and totals of the progress bars. */
  readonly bars: (readonly [string, number | undefined])[];
}

export function recordingReporter(): RecordingReporter {
  const nothing = (): void => {};
  const results: RecordingReporter['results'] = [];
  const infos: string[] = [];
  const warnings: string[] = [];
  const bars: (readonly [string, number | undefined])[] = [];
  return {
    results,
    infos,
    warnings,
    bars,
    json: false,
    interactive: false,
    text: nothing,
    result: (value, human) => results.push({ value, human }),
    info: (message) => infos.push(message),
    warn: (message) => warnings.push(message),
    step: () => ({ update: nothing, done: nothing, fail: nothing }),
    busy: () => ({ stop: nothing }),
    wait: () => ({ [Symbol.dispose]: nothing }),
    yieldTerminal: () => ({ [Symbol.dispose]: nothing }),
    withoutSpinner: nothing,
    resultAside: (value) => results.push({ value, human: '' }),
    transfer: () => ({
      shownAfterMs: 0,
      expect: nothing,
      file: (path, totalBytes) => {
        bars.push([path, totalBytes]);
        return { update: nothing, stop: nothing };
      },
      resumed: nothing,
      retrying: nothing,
      failed: ({ path, reason }) => warnings.push(`${path}: ${reason}`),
      skipped: ({ path, reason }) => warnings.push(`${path}: ${reason}`),
      left: (paths) => warnings.push(...paths),
      [Symbol.dispose]: nothing,
    }),
    watch: () => ({ isDrawn: false, draw: nothing, tell: nothing, [Symbol.dispose]: nothing }),
    failure: () => 1,
  };
}

export interface TempFolder extends AsyncDisposable {
  readonly path: string;
}

/** A real path. */
export async function tempFolder(): Promise<TempFolder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'bai-transfer-')));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** All names below a folder, sorted, folders with a slash at their end. */
export async function tree(folder: string): Promise<string[]> {
  const paths: string[] = [];
  // Step by step: the recursive `readdir` of Node 26 follows links.
  const walk = async (below: string): Promise<void> => {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      const path = join(below, entry.name);
      paths.push(entry.isDirectory() ? `${path}/` : path);
      if (entry.isDirectory()) await walk(path);
    }
  };
  await walk('');
  return paths.sort();
}

/** The same bytes for the same seed and size, with no period that a misplaced piece could hide in. */
export function content(size: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  for (let index = 0; index < size; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state;
  }
  return bytes;
}
