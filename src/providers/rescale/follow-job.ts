/** Looks at a job again and again: the platform has no events. */

import { setTimeout as delay } from 'node:timers/promises';
import { type BaiError, mayPass } from '../../errors.ts';
import type { RescaleClient } from './client.ts';
import { describeJob, type JobDetails } from './jobs.ts';

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Milliseconds until the next look, when the job has been followed for so long. */
  readonly pauseMs?: (followedMs: number) => number;
  /** How long the platform may be away before it is given up. */
  readonly patienceMs?: number;
  /** Hears of a look that failed and is made again. */
  readonly onRetry?: ((error: BaiError) => void) | undefined;
}

/** 10 s at first and 30 s after five minutes: an account may ask a limited number of times an hour. */
export function pauseAfter(followedMs: number): number {
  return Math.min(30_000, Math.max(10_000, followedMs / 10));
}

/**
 * The job as each look finds it, until somebody can get in, or never will. Nothing more comes when it is not there any more. A look
 * that may go well later is made again, and not before the platform wants it (`Retry-After`).
 */
export async function* followJob(
  client: RescaleClient,
  id: string,
  options: FollowOptions,
): AsyncGenerator<JobDetails, void> {
  const { signal, pauseMs = pauseAfter } = options;
  const begun = performance.now();
  for (;;) {
    const job = await lookPatiently(client, id, options);
    if (job === undefined) return;
    yield job;
    if (job.phase !== 'starting' && job.phase !== 'ending') return;
    await pause(pauseMs(performance.now() - begun), signal);
  }
}

/** Longer than a platform that is updated needs. */
const usualPatienceMs = 120_000;
/** Who asks for more is asked again all the same: the user's own limit and Ctrl-C hold. */
const longestPauseMs = 300_000;

async function lookPatiently(
  client: RescaleClient,
  id: string,
  { signal, pauseMs = pauseAfter, patienceMs = usualPatienceMs, onRetry }: FollowOptions,
): Promise<JobDetails | undefined> {
  let awayMs = 0;
  for (;;) {
    try {
      return await describeJob(client, id, signal);
    } catch (error) {
      if (!mayPass(error) || signal.aborted || awayMs > patienceMs) throw error;
      onRetry?.(error);
      const askedMs = askedPauseMs(error);
      const ms = Math.max(pauseMs(0), askedMs);
      await pause(ms, signal);
      // Who says when he will be back is not away.
      if (askedMs === 0) awayMs += ms;
    }
  }
}

function askedPauseMs({ details }: BaiError): number {
  const seconds = details['retryAfterSeconds'];
  return typeof seconds === 'number' ? Math.min(seconds * 1000, longestPauseMs) : 0;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {});
  signal.throwIfAborted();
}
