/** Files that somebody names to be read whole. */

import { createReadStream } from 'node:fs';
import { unlessAborted } from '../core/time-limit.ts';
import { UsageError } from '../errors.ts';

export interface NamedFileLimit {
  readonly mostBytes: number;
  /** What it is to be: `… is larger than ${thing}`. */
  readonly thing: string;
  readonly signal: AbortSignal;
}

/**
 * It may be a pipe, whose other end is somebody's program: that is waited for. What does not end, as a device of zeros, is read
 * up to the bound and refused. Rejects with the system's own error when it cannot be read.
 */
export async function readNamedFile(
  path: string,
  { mostBytes, thing, signal }: NamedFileLimit,
): Promise<Buffer> {
  // The last byte that is read is one more than there may be.
  const bytes = await unlessAborted(collect(path, mostBytes), signal);
  if (bytes.length > mostBytes) throw new UsageError(`${path} is larger than ${thing}`);
  return bytes;
}

async function collect(path: string, end: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of createReadStream(path, { end })) chunks.push(chunk as Uint8Array); // No encoding was asked for.
  return Buffer.concat(chunks);
}
