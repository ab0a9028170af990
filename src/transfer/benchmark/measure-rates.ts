/** Measures one cipher after another, and one number of connections after another, and chooses. */

import { randomBytes } from 'node:crypto';
import {
  type CipherRates,
  type ConnectionRates,
  chooseCipher,
  chooseConnections,
  cipherOrder,
  connectionCounts,
  isStrongCipher,
  type LinkRates,
  type LinkTuning,
  type StrongCipher,
  strongCiphers,
} from '../../core/ssh/link-tuning.ts';
import { BaiError, ProtocolError } from '../../errors.ts';
import { isLongLink } from '../engine/pool-growth.ts';
import { requestBytes } from '../engine/sftp-channel.ts';
import type { SftpConnection } from '../engine/sftp-connection.ts';
import { BenchmarkConnections } from './benchmark-connections.ts';

/** One more connection to the session, with these ciphers in the order of preference. */
export type LineConnect = (ciphers: readonly StrongCipher[]) => Promise<SftpConnection>;

export interface MeasureOptions {
  /** For each rate. */
  readonly stepMs: number;
  readonly signal: AbortSignal;
  readonly onStep: (text: string) => void;
  /** What could not be measured, and why. */
  readonly onProblem: (what: string, reason: BaiError) => void;
}

interface MeasureRatesOptions extends MeasureOptions {
  /** The scratch file, which is there. */
  readonly path: string;
  readonly roundTripMs: number;
  readonly stallMs: number;
}

export interface MeasuredLine {
  readonly ciphers: readonly CipherRates[];
  readonly connections: readonly ConnectionRates[];
  readonly chosen: LinkTuning;
}

/** Of all in turn, so that what disturbs for a moment does not strike the same one each time. */
const manyRounds = 3;
/** Where each beginning takes long. */
const fewRounds = 2;

/** What fails is told and left out; rejects with a BaiError when nothing at all could be measured. */
export async function measureRates(
  connect: LineConnect,
  options: MeasureRatesOptions,
): Promise<MeasuredLine> {
  const measurer = new Measurer(connect, options);
  const ciphers = await measurer.measureCiphers();
  const cipher = chooseCipher(ciphers);
  if (cipher === undefined) throw measurer.lastProblem ?? noCipherError();
  const connections = await measurer.measureConnections(cipher);
  return { ciphers, connections, chosen: { cipher, connections: chooseConnections(connections) } };
}

interface Turn<T> {
  readonly nameOf: (thing: T) => string;
  readonly measure: (thing: T) => Promise<LinkRates | undefined>;
}

class Measurer {
  readonly #connect: LineConnect;
  readonly #options: MeasureRatesOptions;
  readonly #rounds: number;
  readonly #payload = randomBytes(requestBytes);
  lastProblem: BaiError | undefined;

  constructor(connect: LineConnect, options: MeasureRatesOptions) {
    this.#connect = connect;
    this.#options = options;
    this.#rounds = isLongLink(options.roundTripMs) ? fewRounds : manyRounds;
  }

  async measureCiphers(): Promise<CipherRates[]> {
    const stations = new Map<StrongCipher, BenchmarkConnections>();
    try {
      await this.#openCiphers(stations);
      const [first] = stations.values();
      // What runs for the first time is slow, here and in the session, and must not speak against a cipher.
      await this.#attempt('the first cipher', async () => first?.measure());
      const best = await this.#inTurn([...stations.keys()], {
        nameOf: (cipher) => cipher,
        measure: async (cipher) => stations.get(cipher)?.measure(),
      });
      return strongCiphers.map((name) => ({ name, isOffered: stations.has(name), rates: best.get(name) }));
    } finally {
      await Promise.all([...stations.values()].map((station) => station[Symbol.asyncDispose]()));
    }
  }

  async measureConnections(cipher: StrongCipher): Promise<ConnectionRates[]> {
    await using station = this.#station(cipherOrder(cipher));
    const best = await this.#inTurn(connectionCounts, {
      nameOf: (count) => `${count} connection${count === 1 ? '' : 's'}`,
      measure: async (count) => {
        await station.grow(count);
        return station.measure(count);
      },
    });
    return connectionCounts.map((count) => ({ count, rates: best.get(count) }));
  }

  /**
   * A server takes the first of our ciphers that it has, so it has none of those before. Those that are known stand
   * at the end: when one of them is taken, no other is left.
   */
  async #openCiphers(stations: Map<StrongCipher, BenchmarkConnections>): Promise<void> {
    let untried: readonly StrongCipher[] = strongCiphers;
    while (untried.length > 0) {
      const station = this.#station([...untried, ...stations.keys()]);
      await this.#attempt('further ciphers', () => station.grow(1));
      const { cipher } = station;
      if (!isStrongCipher(cipher) || !untried.includes(cipher)) return await station[Symbol.asyncDispose]();
      stations.set(cipher, station);
      untried = untried.slice(untried.indexOf(cipher) + 1);
    }
  }

  /** The best of some rounds. What failed once is left out of the others. */
  async #inTurn<T>(things: readonly T[], { nameOf, measure }: Turn<T>): Promise<Map<T, LinkRates>> {
    const best = new Map<T, LinkRates>();
    const failed = new Set<T>();
    for (let round = 0; round < this.#rounds; round += 1) {
      for (const thing of things) {
        if (failed.has(thing)) continue;
        this.#options.onStep(`measuring ${nameOf(thing)}`);
        const rates = await this.#attempt(nameOf(thing), () => measure(thing));
        if (rates === undefined) failed.add(thing);
        else best.set(thing, faster(rates, best.get(thing)));
      }
    }
    return best;
  }

  #station(ciphers: readonly StrongCipher[]): BenchmarkConnections {
    const { path, roundTripMs, stepMs, signal, stallMs } = this.#options;
    const durationMs = stepMs / this.#rounds;
    return new BenchmarkConnections(() => this.#connect(ciphers), {
      ...{ path, roundTripMs, signal, stallMs, payload: this.#payload, durationMs },
    });
  }

  /** One step that fails leaves the others what they are. */
  async #attempt<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    const { signal } = this.#options;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BaiError) || signal.aborted) throw error;
      this.lastProblem = error;
      this.#options.onProblem(what, error);
      return undefined;
    }
  }
}

/** Nothing but a disturbance makes a line slower than it is. */
function faster(one: LinkRates, other: LinkRates = one): LinkRates {
  return { up: Math.max(one.up, other.up), down: Math.max(one.down, other.down) };
}

function noCipherError(): ProtocolError {
  return new ProtocolError('the session agreed on no cipher that can be measured', { code: 'no-cipher' });
}
