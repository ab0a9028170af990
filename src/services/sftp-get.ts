/** `bai sftp get`: files and folders of a session onto this machine. */

import { pipeline } from 'node:stream/promises';
import { remoteName } from '../core/remote-path.ts';
import type { Reporter } from '../core/reporter.ts';
import type { TransferOptions } from '../core/transfer-options.ts';
import { type ExitCode, UsageError } from '../errors.ts';
import type { RemoteFiles } from '../transfer/remote-files.ts';
import type { SftpDeps } from './sftp-deps.ts';
import { expandRemote, refuseSharedNames } from './sftp-sources.ts';
import { answerTransfer, reportTransfer, runTransfer, type TransferAbout } from './sftp-transfer.ts';

export interface GetRequest {
  readonly session: string;
  /** Paths or patterns. */
  readonly paths: readonly string[];
  /** A local path; with a separator at its end, or for several sources, a folder. `-` is stdout. */
  readonly target: string;
  readonly recursive: boolean;
  readonly options: TransferOptions;
}

export interface GetDeps extends SftpDeps {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

export async function getFiles(request: GetRequest, deps: GetDeps): Promise<ExitCode> {
  const { session, paths, target, recursive, options } = request;
  refuseSharedNames(paths.map(remoteName));
  await using files = await deps.open(session);
  const { paths: sources, refused } = await expandRemote(paths, files, deps.local.isWindows);
  refuseSharedNames(sources.map(remoteName));
  const about = { session, reporter: deps.reporter, refused };
  if (target === '-') return await getStream({ about, sources, options }, files, deps);
  return await reportTransfer(about, (observer) =>
    files.get({ sources, target, recursive, options }, observer),
  );
}

interface StreamRequest {
  readonly about: TransferAbout;
  readonly sources: readonly string[];
  readonly options: TransferOptions;
}

/** Kept here until it is whole: what reads stdout must not take a part for the file. */
async function getStream(request: StreamRequest, files: RemoteFiles, deps: GetDeps): Promise<ExitCode> {
  const { about, sources, options } = request;
  const [source, ...others] = sources;
  if (source === undefined || others.length > 0) {
    throw new UsageError(`"-" takes one file, not ${sources.length}`, { hint: 'get the files one by one' });
  }
  await using spool = await deps.local.spool();
  const job = { sources, target: spool.path, recursive: false, options: { ...options, preserve: false } };
  const outcome = await runTransfer(about, (observer) => files.get(job, observer));
  const content = await spool.content();
  if (deps.stdout.isTTY === true) await showText(content, deps.reporter);
  else await pipeline(content, deps.stdout, { signal: deps.signal, end: false });
  return answerTransfer(about, outcome, (result) => deps.reporter.resultAside(result));
}

/** A terminal obeys control characters, so they are shown rather than sent. */
async function showText(content: AsyncIterable<Uint8Array>, reporter: Reporter): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of content) reporter.text(decoder.decode(chunk, { stream: true }));
  reporter.text(decoder.decode());
}
