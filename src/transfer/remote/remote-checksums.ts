/** SHA-256 of many files of the session: computed there in batches, or read back where there is no program for it. */

import { usualBytes } from '../../core/ssh/command-limit.ts';
import { shellQuote } from '../../core/text/shell-quote.ts';
import { BaiError, InterruptedError, UnreachableError } from '../../errors.ts';
import type { ChannelPool } from '../engine/channel-pool.ts';
import { runConcurrently } from '../engine/run-concurrently.ts';
import { remoteChecksum, tellReadBack } from '../local/verify.ts';

export interface SizedPath {
  readonly path: string;
  readonly size: number;
}

/** One program for each file, so that names are never printed: they could look like anything. */
const batchScript = 'for f do sha256sum < "$f" 2>/dev/null || echo -; done';
/** What the program prints must stay below 64 KiB, and the command line within what every server takes. */
const mostFiles = 400;
const mostPathBytes = usualBytes - 1_000;
/** A larger file is worth a program that is quicker than sha256sum, and a wait of its own. */
const largeBytes = 16 * 1024 * 1024;
const atOnce = 4;

/** In hexadecimal, by path; a file that cannot be read is left out. Rejects when the connection is lost for good. */
export async function remoteChecksums(
  files: readonly SizedPath[],
  pool: ChannelPool,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const single: SizedPath[] = files.filter(({ size }) => size >= largeBytes);
  await runConcurrently(batches(await withAbsolute(files, pool)), atOnce, () => async (batch) => {
    const sums = await batchChecksums(batch, pool);
    for (const [index, file] of batch.entries()) {
      const sum = sums[index];
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
  let bytes = 0;
  for (const file of files) {
    if (file.size >= largeBytes) continue;
    const pathBytes = Buffer.byteLength(shellQuote(file.absolute)) + 1;
    if (batch.length > 0 && (batch.length >= mostFiles || bytes + pathBytes > mostPathBytes)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(file);
    bytes += pathBytes;
  }
  if (batch.length > 0) yield batch;
}

async function batchChecksums(
  batch: readonly NamedFile[],
  pool: ChannelPool,
): Promise<readonly (string | undefined)[]> {
  const paths = batch.map(({ absolute }) => absolute);
  // Each of them shows by its line that the program goes on.
  const bytes = Math.max(...batch.map(({ size }) => size));
  const result = await pool.programs.run(['sh', '-c', batchScript, 'sh', ...paths], { bytes });
  if (result instanceof BaiError) {
    tellReadBack(batch[0]?.path ?? '', result, pool);
    return [];
  }
  const lines = result?.status === 0 ? result.stdout.toString('latin1').trimEnd().split('\n') : [];
  if (lines.length !== batch.length) return [];
  return lines.map((line) => /^([0-9a-f]{64}) /.exec(line)?.[1]);
}
