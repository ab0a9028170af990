/** How to use the line to a session: what may be chosen, and how measurements choose it. */

/**
 * Ciphers that nobody has broken, in the order that is best where nothing was measured: the sessions' dropbear has no
 * GCM and does AES without the CPU's help, so chacha20 moves twice as much there.
 */
export const strongCiphers = [
  'aes128-gcm@openssh.com',
  'chacha20-poly1305@openssh.com',
  'aes256-gcm@openssh.com',
  'aes128-ctr',
  'aes256-ctr',
] as const;

export type StrongCipher = (typeof strongCiphers)[number];

/** What a session's transfers begin with. */
export interface LinkTuning {
  readonly cipher: StrongCipher;
  readonly connections: number;
}

/** The numbers of connections that are measured. */
export const connectionCounts = [1, 2, 4, 8] as const;

/** Bytes per second each way. */
export interface LinkRates {
  readonly up: number;
  readonly down: number;
}

export interface CipherRates {
  readonly name: StrongCipher;
  /** Whether the server has it too. */
  readonly isOffered: boolean;
  /** Nothing when it could not be measured. */
  readonly rates: LinkRates | undefined;
}

export interface ConnectionRates {
  readonly count: number;
  readonly rates: LinkRates | undefined;
}

/** Measurements of the same thing differ by about as much. */
const worthwhileGain = 1.05;
/** A connection costs the server a process. */
const nearlyBest = 0.9;

/** All strong ciphers, the given one first. */
export function cipherOrder(first?: StrongCipher): readonly StrongCipher[] {
  return first === undefined ? strongCiphers : [first, ...strongCiphers.filter((cipher) => cipher !== first)];
}

/**
 * Those that the runtime's crypto has, by its names of them: ssh2 refuses a list with any other. Node has all, Bun is without
 * ChaCha20. As they are where none would be left, which ssh2 says then.
 */
export function usableCiphers<T extends string>(ciphers: readonly T[], known: readonly string[]): T[] {
  const hasChaCha = known.includes('chacha20');
  const usable = ciphers.filter((cipher) => hasChaCha || !cipher.startsWith('chacha20'));
  return usable.length > 0 ? usable : [...ciphers];
}

export function isStrongCipher(name: unknown): name is StrongCipher {
  return strongCiphers.some((cipher) => cipher === name);
}

/** Of as many bytes up as down, one after the other. */
function combinedRate({ up, down }: LinkRates): number {
  return up > 0 && down > 0 ? 2 / (1 / up + 1 / down) : 0;
}

/** The first that was measured, which is what the usual order agrees on, unless another one is clearly faster. */
export function chooseCipher(measured: readonly CipherRates[]): StrongCipher | undefined {
  const rated = measured.flatMap(({ name, rates }) => (rates ? [{ name, rate: combinedRate(rates) }] : []));
  const [usual] = rated;
  if (usual === undefined) return undefined;
  const best = rated.reduce((a, b) => (b.rate > a.rate ? b : a));
  return best.rate > usual.rate * worthwhileGain ? best.name : usual.name;
}

/** The fewest that are nearly as fast as the fastest. */
export function chooseConnections(measured: readonly ConnectionRates[]): number {
  const rated = measured.flatMap(({ count, rates }) => (rates ? [{ count, rate: combinedRate(rates) }] : []));
  const best = Math.max(...rated.map(({ rate }) => rate));
  const enough = rated.filter(({ rate }) => rate >= best * nearlyBest).map(({ count }) => count);
  return enough.length === 0 ? 1 : Math.min(...enough);
}
