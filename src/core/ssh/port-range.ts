/** Which local ports a forwarder tries, and in which order. */

import { UsageError } from '../../errors.ts';

/** What the documents of Backend.AI recommend; also the range of the random choice. */
export const portRange = { first: 10_000, last: 65_000 } as const;

/** Parses a port a user wrote; ports below 1024 need privileges and are refused. */
export function parsePort(text: string, origin = 'the port'): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= 1024 && port <= 65_535)) {
    throw new UsageError(`${origin} must be a number from 1024 to 65535, not "${text}"`, {
      hint: `choose one between ${portRange.first} and ${portRange.last}`,
    });
  }
  return port;
}

/**
 * Ports in the order to try them: the preferred one first, then `count` different random ones.
 * `random` yields numbers in [0, 1).
 */
export function* portCandidates(
  preferred: number | undefined,
  random: () => number,
  count = 20,
): Generator<number> {
  const seen = new Set<number>();
  if (preferred !== undefined) {
    seen.add(preferred);
    yield preferred;
  }
  const size = portRange.last - portRange.first + 1;
  for (let drawn = 0; drawn < count; ) {
    const port = portRange.first + Math.floor(random() * size);
    if (seen.has(port)) {
      if (seen.size >= size) return;
      // A poor random source must not make this loop for ever.
      drawn += 1;
      continue;
    }
    seen.add(port);
    drawn += 1;
    yield port;
  }
}
