/** SHA-256 of many files of the session: computed there in batches, or read back where there is no program for it. */

import { usualBytes } from '../../core/ssh/command-limit.ts';
import { shellQuote } from '../../core/text/shell-quote.ts';
import { BaiError, InterruptedError, UnreachableError } from '../../errors.ts';
import type { ChannelPool } from '../engine/channel-pool.ts';
import { checksumsScript, isPlain, readSums } from '../engine/checksum-script.ts';
import { runConcurrently } from '../engine/run-concurrently.ts';
import { remoteChecksum, tellReadBack } from '../local/verify.ts';

export interface SizedPath {
  readonly path: string;
  readonly size: number;
}

/** What the program prints must stay below 64 KiB, and the command line within what every server takes. */
const mostFiles = 400;
const mostPathBytes = usualBytes - 1_000;
/** What one program is given to read, at most: it prints when it has read all of it. */
const mostBytes = 256 * 1024 * 1024;
/** A larger file is worth a program of its own. */
const largeBytes = 16 * 1024 * 1024;
const atOnce = 4;

/** In hexadecimal, by path; a file that cannot be read is left out. Rejects when the connection is lost for good. */
export async function remoteChecksums(
  files: readonly SizedPath[],
  pool: ChannelPool,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const named = await withAbsolute(files, pool);
  // Names that would be printed in another spelling could look like any other line.
  const isForBatch = ({ size, absolute }: NamedFile): boolean => size < largeBytes && isPlain(absolute);
  const single: SizedPath[] = named.filter((file) => !isForBatch(file));
  await runConcurrently(batches(named.filter(isForBatch)), atOnce, () => async (batch) => {
    const sums = await batchChecksums(batch, pool);
    for (const file of batch) {
      const sum = sums.get(file.absolute);
      if (sum === undefined) single.push(file);
      else found.set(file.path, sum);
    }
  });
  await runConcurrently(single, atOnce, () => async (file) => {
    const sum = await remoteChecksum(pool, file).catch((error: unknown) => {
      if (!isAboutFile(error) || pool.over !== undefined) throw error;
      return undefined;
    });
    if (sum !== undefined) found.set(file.path, sum);
  });
  return found;
}

/** Whether other files may still be read. */
function isAboutFile(error: unknown): boolean {
  return (
    error instanceof BaiError && !(error instanceof UnreachableError) && !(error instanceof InterruptedError)
  );
}

interface NamedFile extends SizedPath {
  /** For a program. */
  readonly absolute: string;
}

async function withAbsolute(files: readonly SizedPath[], pool: ChannelPool): Promise<readonly NamedFile[]> {
  return await Promise.all(
    files.map(async (file) => ({ ...file, absolute: await pool.absolute(file.path) })),
  );
}

function* batches(files: readonly NamedFile[]): Generator<readonly NamedFile[]> {
  let batch: NamedFile[] = [];
  let [pathBytes, bytes] = [0, 0];
  for (const file of files) {
    const wordBytes = Buffer.byteLength(shellQuote(file.absolute)) + 1;
    const isFull =
      batch.length >= mostFiles || pathBytes + wordBytes > mostPathBytes || bytes + file.size > mostBytes;
    if (batch.length > 0 && isFull) {
      yield batch;
      [batch, pathBytes, bytes] = [[], 0, 0];
    }
    batch.push(file);
    pathBytes += wordBytes;
    bytes += file.size;
  }
  if (batch.length > 0) yield batch;
}

async function batchChecksums(
  batch: readonly NamedFile[],
  pool: ChannelPool,
): Promise<ReadonlyMap<string, string>> {
  const paths = batch.map(({ absolute }) => absolute);
  const bytes = batch.reduce((sum, { size }) => sum + size, 0);
  const result = await pool.programs.run(['sh', '-c', checksumsScript, 'sh', ...paths], { bytes });
  if (result instanceof BaiError) {
    tellReadBack(batch[0]?.path ?? '', result, pool);
    return new Map();
  }
  return readSums(result?.status === 0 ? result.stdout.toString('utf8') : '', paths);
}
