/** Files that differ in every byte that could be misplaced, made quickly. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, truncate, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { systemCode } from '../../src/errors.ts';
import { content } from '../e2e/transfer-session.ts';
import type { FaultCase } from './cases.ts';

const poolBytes = 16 * 1024 * 1024 + 12_289;
let pool: Buffer | undefined;

/** Writes the source of a case and returns its checksum. */
export async function writeSource(path: string, { size, isSparse, contentSeed }: FaultCase): Promise<string> {
  if (!isSparse) {
    const bytes = bytesOf(size, contentSeed);
    await writeFile(path, bytes);
    return createHash('sha256').update(bytes).digest('hex');
  }
  await writeFile(path, '');
  await truncate(path, size);
  const file = await open(path, 'r+');
  try {
    const island = bytesOf(3_000_000, contentSeed);
    const starts = [0, 2 ** 31 - 1_500_000, 2 ** 32 - 1_500_000, size - island.length];
    for (const start of starts) await file.write(island, 0, island.length, start);
  } finally {
    await file.close();
  }
  return (await checksum(path)) ?? '';
}

/** From a pool, at a place of its own for each seed; what is longer than the pool repeats with no usual period. */
export function bytesOf(size: number, seed: number): Buffer {
  pool ??= content(poolBytes, 7);
  const bytes = Buffer.allocUnsafe(size);
  let filled = 0;
  for (let from = seed % poolBytes; filled < size; from = (from + 7_919) % poolBytes) {
    const length = Math.min(poolBytes - from, size - filled);
    pool.copy(bytes, filled, from, from + length);
    filled += length;
    from += length;
  }
  return bytes;
}

/** SHA-256 of a file, or nothing where none is. */
export async function checksum(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  return hash.digest('hex');
}
