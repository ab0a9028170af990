/** `bai sftp get`: files and folders of a session onto this machine. */

import type { Reporter } from '../../core/reporter.ts';
import { remoteName, remotePath } from '../../core/sftp/remote-path.ts';
import type { TransferOptions } from '../../core/sftp/transfer-options.ts';
import { type ExitCode, reasonOf, UsageError } from '../../errors.ts';
import type { RemoteFiles } from '../../transfer/remote-files.ts';
import { measure, remoteMeasure } from './sftp-measure.ts';
import { planTransfer } from './sftp-plan.ts';
import { expandRemote, refuseSharedNames } from './sftp-sources.ts';
import type { SftpTools } from './sftp-tools.ts';
import { answerTransfer, reportTransfer, runTransfer, type TransferAbout } from './sftp-transfer.ts';

interface GetRequest {
  readonly session: string;
  /** Paths or patterns. */
  readonly paths: readonly string[];
  /**
   * A local path; with a separator at its end, or for several sources, a folder. `-` is stdout; the system's own names for
   * what is open already (`/dev/stdout`, `/dev/fd/63`) are written to as they are.
   */
  readonly target: string;
  readonly recursive: boolean;
  /** What would be done is the answer, and nothing is. */
  readonly dryRun?: boolean;
  readonly options: TransferOptions;
}

/** More would keep others waiting that are asked for later. */
const mostAhead = 16;

export async function getFiles(request: GetRequest, tools: SftpTools): Promise<ExitCode> {
  const { session, paths, recursive, options } = request;
  const target = tools.local.expandHome(request.target);
  refuseSharedNames(paths.map(remoteName));
  // How a folder goes depends on the line, of which the first answers tell.
  const ahead = recursive ? [] : paths.slice(0, mostAhead).map(remotePath);
  await using files = await tools.open(session, { ahead: { paths: ahead } });
  const { paths: sources, refused } = await expandRemote(paths, files, tools.local.isWindows);
  refuseSharedNames(sources.map(remoteName));
  const about = { session, reporter: tools.reporter, refused };
  const descriptor = target === '-' ? stdoutNumber : tools.local.descriptorOf(target);
  if (descriptor !== undefined) {
    if (request.dryRun) throw new UsageError(`--dry-run says nothing of "${target}", which is open already`);
    const write = writerTo(descriptor, target, tools);
    const isAside = descriptor === stdoutNumber;
    return await getStream({ about, sources, options, target, write, isAside }, files, tools);
  }
  const job = { sources, target, recursive, options };
  if (request.dryRun)
    return await planTransfer(about, (plan, observer) => files.get({ ...job, plan }, observer));
  return await reportTransfer(about, async (observer, progress) => {
    const side = remoteMeasure(files, tools.local.isWindows);
    using _counting = measure({ sources, recursive, options }, side, progress);
    return await files.get(job, observer);
  });
}

interface StreamRequest {
  readonly about: TransferAbout;
  readonly sources: readonly string[];
  readonly options: TransferOptions;
  readonly target: string;
  readonly write: Write;
  /** The answer is not for stdout, which has the bytes. */
  readonly isAside: boolean;
}

const stdoutNumber = 1;

/** Bytes go out as they come: only the exit status says that they were all of the file. */
async function getStream(request: StreamRequest, files: RemoteFiles, tools: SftpTools): Promise<ExitCode> {
  const { about, sources, options, target, write, isAside } = request;
  const [source, ...others] = sources;
  if (source === undefined || others.length > 0) {
    throw new UsageError(`"${target}" takes one file, not ${sources.length}`, {
      hint: 'get the files one by one',
    });
  }
  const outcome = await runTransfer(about, (observer) =>
    files.getStream({ remote: source, write, options }, observer),
  );
  const { reporter } = tools;
  return answerTransfer(about, outcome, (result) =>
    isAside ? reporter.resultAside(result) : reporter.result(result, ''),
  );
}

type Write = (bytes: Uint8Array) => Promise<void>;

function writerTo(descriptor: number, path: string, tools: SftpTools): Write {
  if (descriptor !== stdoutNumber)
    return unlessInterrupted(tools.local.descriptorWriter(descriptor, path), tools);
  if (tools.stdout.isTTY === true) return textWriter(tools.reporter);
  const { stdout } = tools;
  const write: Write = (bytes) =>
    new Promise((resolve, reject) => {
      stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  return unlessInterrupted(write, tools);
}

/** Waits for its reader, however slow; Ctrl-C does not. */
function unlessInterrupted(write: Write, { signal }: SftpTools): Write {
  return async (bytes) => {
    const over = new AbortController();
    const interrupted = new Promise<never>((_, reject) => {
      const interrupt = (): void => reject(reasonOf(signal));
      if (signal.aborted) interrupt();
      signal.addEventListener('abort', interrupt, { signal: over.signal });
    });
    await Promise.race([write(bytes), interrupted]).finally(() => over.abort());
  };
}

/** A terminal obeys control characters, so they are shown rather than sent. */
function textWriter(reporter: Reporter): Write {
  const decoder = new TextDecoder();
  return async (bytes) => reporter.text(decoder.decode(bytes, { stream: true }));
}
