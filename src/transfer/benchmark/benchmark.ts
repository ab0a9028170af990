/** Measures the line to a session: round trip, window, ciphers and numbers of connections. */

import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { strongCiphers } from '../../core/ssh/link-tuning.ts';
import { BaiError } from '../../errors.ts';
import { PooledChannel } from '../engine/pooled-channel.ts';
import { OpenFlag } from '../engine/sftp-requests.ts';
import { discardPart } from '../remote/remote-part.ts';
import { type LineConnect, type MeasuredLine, type MeasureOptions, measureRates } from './measure-rates.ts';

export type { LineConnect, MeasureOptions } from './measure-rates.ts';

export interface LinkReport extends MeasuredLine {
  readonly roundTripMs: number;
  /** What a channel into the session may have under way. */
  readonly windowBytes: number;
}

interface BenchmarkOptions extends MeasureOptions {
  /** How long the server may leave every request unanswered. */
  readonly stallMs?: number;
  /** Told of the scratch file, when it could not be taken away. */
  readonly onLeft?: (path: string) => void;
}

interface Scratch {
  readonly path: string;
  readonly connect: LineConnect;
  readonly options: BenchmarkOptions & { readonly stallMs: number };
}

const usualStallMs = 30_000;
const mostRoundTrips = 9;

/** Leaves nothing in the session, unless the line is lost for good or this process is killed. */
export async function benchmarkLink(connect: LineConnect, wanted: BenchmarkOptions): Promise<LinkReport> {
  const options = { stallMs: usualStallMs, ...wanted };
  options.onStep('measuring the round trip');
  // Every channel listens to it, and more than ten are no leak.
  setMaxListeners(0, options.signal);
  const path = `.bai-speedtest-${randomBytes(6).toString('hex')}`;
  await using control = await connect(strongCiphers);
  // While another connection may still take it away, nobody is told.
  const lane = new PooledChannel(control, control.sftp, { ...options, onLeft: undefined });
  try {
    const flags = OpenFlag.write | OpenFlag.create | OpenFlag.exclusive;
    await lane.requests.close(await lane.requests.open(path, flags, 0o600));
    const roundTripMs = await measureRoundTrip(lane, options);
    // Nothing is under way now, so all of it is there, but for what a few requests took.
    const idleWindow = control.windowBytes?.();
    const report = await measureRates(connect, { ...options, path, roundTripMs });
    const [usual] = report.ciphers.flatMap(({ rates }) => (rates ? [rates.up] : []));
    const seenWindow = ((usual ?? 0) * roundTripMs) / 1000;
    return { roundTripMs, windowBytes: Math.round(idleWindow ?? seenWindow), ...report };
  } finally {
    await discardScratch({ path, connect, options }, lane);
  }
}

async function discardScratch(scratch: Scratch, lane: PooledChannel): Promise<void> {
  const { path, options } = scratch;
  let isLeft = false;
  const left = (): void => {
    isLeft = true;
  };
  await discardPart({ ...lane.cleanup, left }, path, undefined);
  if (!isLeft) return;
  if (lane.lost !== undefined && !options.signal.aborted) await discardAnew(scratch);
  else options.onLeft?.(path);
}

/** The connection was lost, and with it the last request. That another cannot be had is told elsewhere. */
async function discardAnew({ path, connect, options }: Scratch): Promise<void> {
  try {
    await using connection = await connect(strongCiphers);
    const lane = new PooledChannel(connection, connection.sftp, options);
    await discardPart(lane.cleanup, path, undefined);
  } catch (error) {
    if (!(error instanceof BaiError)) throw error;
    options.onLeft?.(path);
  }
}

async function measureRoundTrip(lane: PooledChannel, { stepMs }: MeasureOptions): Promise<number> {
  const times: number[] = [];
  const endAt = performance.now() + stepMs;
  while (times.length < mostRoundTrips && (times.length < 3 || performance.now() < endAt)) {
    const startedAt = performance.now();
    await lane.requests.realpath('.');
    times.push(performance.now() - startedAt);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? 0;
}
