/** Locks for files that are read, changed and written: held for milliseconds, given up by the death of their owner. */

import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ConflictError } from '../errors.ts';
import { type Claim, claimFile, releaseClaim } from './claim.ts';
import { hiddenName } from './hidden-name.ts';
import { ownIdentity } from './process-identity.ts';

export interface LockWait {
  /** Ends the wait for another process. */
  readonly signal?: AbortSignal;
  /** Told once, when another process is waited for longer than a second. */
  readonly waiting?: (message: string) => void;
  /** Milliseconds after which the wait fails; half a minute when left out. */
  readonly limitMs?: number;
}

const usualLimitMs = 30_000;
const tellAfterMs = 1_000;
/** Of a process that cannot be asked for: nothing that is done under a lock takes as long. */
const forgottenMs = 60_000;
/**
 * Runs the work while no other process holds the lock of `path`, whose folder must be there. Rejects with a ConflictError when the
 * lock is not to be had in time. Nothing keeps out programs that are not bai.
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>, wait: LockWait = {}): Promise<T> {
  const lock = lockPathOf(path);
  const text = `${JSON.stringify({ owner: await ownIdentity(), token: randomBytes(8).toString('hex') })}\n`;
  const alone: Claim['alone'] = (takeOver) => withFileLock(lock, takeOver, wait);
  await acquire({ path: lock, content: () => text, abandonedMs: forgottenMs, alone }, path, wait);
  try {
    return await work();
  } finally {
    await releaseClaim(lock, text);
  }
}

export function lockPathOf(path: string): string {
  return join(dirname(path), hiddenName(basename(path), '.bai-lock'));
}

async function acquire(claim: Claim, path: string, wait: LockWait): Promise<void> {
  const { signal, waiting, limitMs = usualLimitMs } = wait;
  const startedAt = performance.now();
  let isTold = false;
  for (let pauseMs = 4; ; pauseMs = Math.min(100, 1.5 * pauseMs)) {
    signal?.throwIfAborted();
    const outcome = await claimFile(claim);
    if (outcome.isOurs) return;
    const waitedMs = performance.now() - startedAt;
    const holder = `process ${outcome.holder.pid} on ${outcome.holder.host}`;
    if (waitedMs > limitMs) throw busyError(path, holder, claim.path);
    if (waitedMs > tellAfterMs && !isTold) {
      isTold = true;
      waiting?.(`waiting for ${holder}, which is changing ${path}`);
    }
    await pause(pauseMs, signal);
  }
}

/** Not all at the same moment again. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(ms * (0.5 + Math.random()), undefined, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

function busyError(path: string, holder: string, lock: string): ConflictError {
  return new ConflictError(`${path} is not free: ${holder} has been changing it all the time`, {
    code: 'file-busy',
    hint: `end that process if it hangs, then run the same command again (its lock is ${lock})`,
    details: { path, lock },
  });
}
