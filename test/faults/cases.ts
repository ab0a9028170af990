/** What a run of faults consists of: the same cases for the same seed. */

export const kinds = [
  'cut',
  'stall',
  'server-killed',
  'bai-killed',
  'interrupt',
  'manager-killed',
  'disk-full',
  'denied',
] as const;
export type FaultKind = (typeof kinds)[number];

export interface FaultCase {
  readonly seed: number;
  readonly index: number;
  readonly kind: FaultKind;
  readonly direction: 'put' | 'get';
  readonly size: number;
  /** Holes between a few written pieces. */
  readonly isSparse: boolean;
  readonly server: 'sshd' | 'dropbear';
  /** Where the fault strikes, as a part of what the transfer moves. */
  readonly at: number;
  /** Which of its forms the fault takes. */
  readonly form: number;
  /** The run may connect again; otherwise a second run goes on. */
  readonly isOneRun: boolean;
  /** Bytes of the file that is replaced; nothing when there is none. */
  readonly oldSize: number | undefined;
  /** Of the line, each way. */
  readonly delayMs: number;
  /** Where its bytes come from. */
  readonly contentSeed: number;
}

const piece = 261_120;
const window = 2 * 1024 * 1024;
const large = 16 * piece;
const edges = [
  ...[0, 1, piece - 1, piece, piece + 1, window - 1, window, window + 1],
  ...[8 * piece, 8 * piece + 1, large - 1, large, large + 1, 25 * piece - 1, 33 * piece + 7],
];
/** Checksums of both sides are compared from here on. */
const verified = 64 * 1024 * 1024;
const huge = 4 * 1024 * 1024 * 1024;
/** Some of the cases over 4 GiB, among so many cases. */
const hugeEvery = 500;

/** One of the cases of a seed; `withHuge` lets it be one over 4 GiB. */
export function faultCase(seed: number, index: number, withHuge: boolean): FaultCase {
  const random = generator(seed * 1_000_003 + index);
  const isSparse = withHuge && index % hugeEvery === hugeEvery / 2;
  const kind = isSparse ? pick(['cut', 'server-killed'] as const, random()) : pickKind(index);
  const size = isSparse ? huge + Math.floor(random() * 5_000_000) : pickSize(random);
  const isFar = !isSparse && random() < 0.12;
  return {
    ...{ seed, index, kind, size, isSparse },
    direction: isSparse
      ? index % (2 * hugeEvery) < hugeEvery
        ? 'put'
        : 'get'
      : pick(['put', 'get'], random()),
    server: pick(['sshd', 'dropbear'], random()),
    at: random(),
    form: random(),
    isOneRun: random() < 0.5,
    oldSize: random() < 0.5 ? undefined : pick([0, 3, piece, size], random()) % (large + 2),
    delayMs: isFar ? 8 : 0,
    contentSeed: Math.floor(random() * 2 ** 31),
  };
}

/** Cuts are cheap, and the most usual. */
const wheel: readonly FaultKind[] = [
  ...kinds,
  'cut',
  'server-killed',
  'disk-full',
  'denied',
  'bai-killed',
  'cut',
];

function pickKind(index: number): FaultKind {
  return wheel[index % wheel.length] ?? 'cut';
}

function pickSize(random: () => number): number {
  const choice = random();
  if (choice < 0.55) return pick(edges, random());
  if (choice < 0.7) return Math.floor(random() * large);
  if (choice < 0.98) return large + Math.floor(random() * 24_000_000);
  return verified - 1 + Math.floor(random() * 3);
}

function pick<T>(values: readonly [T, ...T[]] | readonly T[], at: number): T {
  const value = values[Math.floor(at * values.length)];
  if (value === undefined) throw new RangeError('nothing to choose from');
  return value;
}

/** The same numbers between 0 and 1 for the same seed. */
export function generator(from: number): () => number {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
