/** Whether both sides hold the same bytes. */

import { createHash } from 'node:crypto';
import { type TransferOptions, verifyFromBytes } from '../../core/sftp/transfer-options.ts';
import { BaiError, TransferError } from '../../errors.ts';
import type { ChannelPool } from '../engine/channel-pool.ts';
import { checksumScript, readSum } from '../engine/checksum-script.ts';
import { shrankError } from '../engine/file-transfer.ts';
import type { RunOutcome } from '../engine/programs.ts';
import { pieces, runConcurrently } from '../engine/run-concurrently.ts';
import { requestBytes } from '../engine/sftp-channel.ts';
import { OpenFlag } from '../engine/sftp-requests.ts';
import type { LocalPart } from './local-part.ts';

/** As much of a file as is needed to compare it; the path is for messages. */
export interface ReadableFile {
  readonly path: string;
  /** Fills the buffer or throws. */
  fill(bytes: Buffer, position: number): Promise<void>;
}

export function readableLocalPart(part: LocalPart, path: string): ReadableFile {
  return {
    path,
    async fill(bytes, position) {
      for (let filled = 0; filled < bytes.length; ) {
        const bytesRead = await part.read(bytes.subarray(filled), position + filled);
        if (bytesRead === 0) throw shrankError(path);
        filled += bytesRead;
      }
    },
  };
}

export function needsVerifying(
  { verify }: TransferOptions,
  file: { readonly size: number; readonly isResumed: boolean },
): boolean {
  if (verify !== 'auto') return verify === 'always';
  return file.isResumed || file.size >= verifyFromBytes;
}

export interface SizedPath {
  readonly path: string;
  readonly size: number;
}

/** Compares the whole of both; the far side computes its checksum itself where it has a program for it. */
export async function hasSameBytes(
  pool: ChannelPool,
  local: ReadableFile,
  remote: SizedPath,
  there = remoteChecksum(pool, remote),
): Promise<boolean> {
  there.catch(() => {});
  const here = await localChecksum(local, remote.size);
  return here === (await there);
}

async function localChecksum(file: ReadableFile, size: number): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(1024 * 1024, size));
  for (const { position, length } of pieces(size, 1024 * 1024)) {
    const bytes = buffer.subarray(0, length);
    await file.fill(bytes, position);
    hash.update(bytes);
  }
  return hash.digest('hex');
}

/** SHA-256 in hexadecimal of a file of the session. */
export async function remoteChecksum(pool: ChannelPool, { path, size }: SizedPath): Promise<string> {
  const absolute = await pool.absolute(path);
  const result = await pool.programs.run(['sh', '-c', checksumScript, 'sh', absolute], { bytes: size });
  return readChecksum(result, path, pool) ?? readBack(pool, path, size);
}

/** What the script has printed, or nothing when it failed. Why it did is told where it took long. */
export function readChecksum(result: RunOutcome, path: string, pool: ChannelPool): string | undefined {
  if (result instanceof BaiError) tellReadBack(path, result, pool);
  if (result === undefined || result instanceof BaiError || result.status !== 0) return undefined;
  return readSum(result.stdout.toString('latin1'));
}

/** Somebody has waited, and reading back takes longer than a checksum does. */
export function tellReadBack(path: string, { message }: BaiError, pool: ChannelPool): void {
  pool.onTrouble({ path, reason: `read back, because ${message}`, code: 'checksum-failed' });
}

/** Reads in rounds: the bytes have to be hashed in order, and no more than a round is held. */
async function readBack(pool: ChannelPool, path: string, size: number): Promise<string> {
  return await pool.retrying(async ({ requests, cleanup }) => {
    const handle = await requests.open(path, OpenFlag.read);
    try {
      const hash = createHash('sha256');
      const roundBytes = requestBytes * pool.depth;
      for (const round of pieces(size, roundBytes)) {
        const bytes = Buffer.allocUnsafe(round.length);
        await runConcurrently(pieces(round.length, requestBytes), pool.depth, () => async (piece) => {
          const into = bytes.subarray(piece.position, piece.position + piece.length);
          for (let filled = 0; filled < into.length; ) {
            const position = round.position + piece.position + filled;
            const bytesRead = await requests.read(handle, into.subarray(filled), position);
            if (bytesRead === 0) throw shrankError(path);
            filled += bytesRead;
          }
        });
        hash.update(bytes);
      }
      return hash.digest('hex');
    } finally {
      cleanup.close(handle).catch(() => {});
    }
  });
}

export function checksumError(target: string): TransferError {
  return new TransferError(`the copy of ${target} does not have its source's checksum`, {
    code: 'checksum-differs',
    hint: 'the source may be written to at this moment; otherwise look at the memory and disks of both machines',
  });
}
