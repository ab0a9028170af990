/** Which local ports a forwarder tries, and in which order. */

import { UsageError } from '../../errors.ts';

/** What the documents of Backend.AI recommend; also the range of what bai chooses by itself. */
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

/** The port of a place where nobody says another one: always the same, so that what is saved in other programs stays right. */
export function stablePort(place: string): number {
  // FNV-1a: short names that differ in one letter come out far apart.
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(place)) hash = Math.imul(hash ^ byte, 0x01000193);
  return portRange.first + ((hash >>> 0) % portCount);
}

const portCount = portRange.last - portRange.first + 1;

/** The preferred port first, then that of the place and the next ones upward, from the end of the range to its beginning. */
export function* stableCandidates(
  preferred: number | undefined,
  place: string,
  count = 200,
): Generator<number> {
  if (preferred !== undefined) yield preferred;
  const first = stablePort(place) - portRange.first;
  for (let step = 0; step < count; step += 1) {
    const port = portRange.first + ((first + step) % portCount);
    if (port !== preferred) yield port;
  }
}
