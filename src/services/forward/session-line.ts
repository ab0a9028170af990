/** The SSH connections that forwarded ports go through: made when somebody needs one, and made again when it has ended. */

import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { SessionRef } from '../../core/session/session.ts';
import { awakeMs } from '../../core/silence-watch.ts';
import type { Forward, ForwardTarget } from '../../core/ssh/ssh-arguments.ts';
import { atMost } from '../../core/time-limit.ts';
import { BaiError } from '../../errors.ts';
import type { SessionPorts } from '../../ssh/streams/session-ports.ts';
import { type KeySource, logIn, loginKeyFor, type OpenedAccess, openAccess } from '../ssh/open-access.ts';
import type { ForwardTools, ForwardVoice } from './forward-tools.ts';
import type { KeptLogin } from './kept-login.ts';

interface LineOptions {
  readonly session: SessionRef;
  readonly login: KeptLogin;
  readonly signal: AbortSignal;
  readonly voice: ForwardVoice;
  /** A key of the user's own, read once: its passphrase is not asked for again. */
  readonly ownKey: KeySource | undefined;
}

/** An answer takes no longer on a line that lives, however long; else another connection is tried beside it. */
const patienceMs = 1_500;

export class SessionLine implements AsyncDisposable {
  readonly #options: LineOptions;
  readonly #open = new Set<SessionPorts>();
  #current: Promise<SessionPorts> | undefined;
  readonly #openPorts: OpenPorts;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#openPorts = portsOpener({ ...options, remotes: [] });
  }

  /** The first connection; what is wrong with the way or the key is said by its failure. */
  async start(): Promise<void> {
    await this.#connection();
  }

  /** Within moments of the line's return, also where nobody has told that the connection before is dead. */
  async dial(target: ForwardTarget, signal: AbortSignal): Promise<Duplex> {
    const isNew = this.#current === undefined;
    const connection = this.#connection();
    const first = connection.then((ports) => ports.dial(target, signal));
    let isSettled = false;
    const settled = first.then(
      () => {
        isSettled = true;
      },
      () => {
        isSettled = true;
      },
    );
    // What others wait for may wait for a line that was gone when it was begun.
    if (isNew) await connection;
    await atMost(patienceMs, settled);
    signal.throwIfAborted();
    if (!isSettled) {
      this.#forget(connection);
      return await firstOf([first, this.#connection().then((ports) => ports.dial(target, signal))]);
    }
    try {
      return await first;
    } catch (error) {
      if (!isLoss(error)) throw error;
      this.#forget(connection);
      return await (await this.#connection()).dial(target, signal);
    }
  }

  /** The machine has slept: whichever connection does not answer now is dead. */
  probe(): void {
    for (const ports of this.#open) void ports.probe(awakeMs);
  }

  #connection(): Promise<SessionPorts> {
    if (this.#current === undefined) {
      const opening = this.#connect();
      this.#current = opening;
      opening.then(
        (ports) => ports.lost.catch((error: unknown) => this.#lost(opening, ports, error)),
        () => this.#forget(opening),
      );
    }
    return this.#current;
  }

  async #connect(): Promise<SessionPorts> {
    const { login, signal } = this.#options;
    const ports = await login.attempt(this.#openPorts);
    this.#open.add(ports);
    if (signal.aborted) await ports[Symbol.asyncDispose]();
    return ports;
  }

  #lost(opening: Promise<SessionPorts>, ports: SessionPorts, error: unknown): void {
    this.#open.delete(ports);
    this.#forget(opening);
    const { signal, voice } = this.#options;
    if (!signal.aborted) voice.trouble(`${textOf(error)}; the next connection makes another one`);
  }

  #forget(opening: Promise<SessionPorts>): void {
    if (this.#current === opening) this.#current = undefined;
    // One that lives after all is kept for those who use it.
    void opening.then(
      (ports) => this.#closeUnused(ports),
      () => {},
    );
  }

  async #closeUnused(ports: SessionPorts): Promise<void> {
    while (this.#open.has(ports) && ports.streams > 0) {
      await Promise.race([delay(lookMs, undefined, { ref: false }), ports.lost]).catch(() => {});
    }
    if (this.#open.delete(ports)) await ports[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const ports of this.#open) await ports[Symbol.asyncDispose]();
    this.#open.clear();
  }
}

const lookMs = 1_000;

/** What loses is closed when it comes. */
async function firstOf(dials: readonly Promise<Duplex>[]): Promise<Duplex> {
  try {
    const won = await Promise.any(dials);
    for (const dial of dials) {
      dial.then(
        (stream) => void (stream === won || stream.destroy()),
        () => {},
      );
    }
    return won;
  } catch (error) {
    throw error instanceof AggregateError ? error.errors.at(-1) : error;
  }
}

function isLoss(error: unknown): boolean {
  return error instanceof BaiError && (error.code === 'connection-lost' || error.code === 'tunnel-lost');
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface PortsRequest extends LineOptions {
  readonly remotes: readonly Forward[];
}

type OpenPorts = (tools: ForwardTools) => Promise<SessionPorts>;

/**
 * What was found out for a connection serves the next one, so that nothing but the way itself is gone again: a question to the platform could
 * go over a connection that died with the line. It is all asked anew after a failure, and with another login.
 */
function portsOpener({ session, remotes, voice, ownKey, signal }: PortsRequest): OpenPorts {
  let known:
    | { readonly by: ForwardTools; readonly access: OpenedAccess; readonly key: KeySource }
    | undefined;
  return async (tools) => {
    const way = known?.by === tools ? known : undefined;
    known = undefined;
    const key = way?.key ?? ownKey ?? (await loginKeyFor(session, tools));
    const access = way?.access ?? (await openAccess(session, tools));
    const make: Parameters<typeof logIn<SessionPorts>>[0]['make'] = (login) =>
      tools.client.openPorts(login, { remotes, say: voice.trouble });
    const ports = await logIn({ access, key, make }, { ...tools, signal });
    known = { by: tools, access, key };
    return ports;
  };
}

/** Longer each time, and soon again once it has stood. */
const pausesMs = { first: 500, most: 15_000 };

/** Ports of the session that lead here: their connection is made at once, and again whenever it has ended. */
export class RemoteLine implements AsyncDisposable {
  readonly #options: PortsRequest;
  #ports: SessionPorts | undefined;
  #fail: (error: unknown) => void = () => {};
  /** Rejects for what is no fault of the line; never resolves, and needs no catch. */
  readonly broken: Promise<never>;
  readonly #openPorts: OpenPorts;

  constructor(options: PortsRequest) {
    this.#options = options;
    this.#openPorts = portsOpener(options);
    this.broken = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.broken.catch(() => {});
  }

  async start(): Promise<void> {
    this.#ports = await this.#connect();
    this.#keep(this.#ports).catch((error: unknown) => {
      if (!this.#options.signal.aborted) this.#fail(error);
    });
  }

  get connections(): number {
    return this.#ports?.fromThere ?? 0;
  }

  probe(): void {
    void this.#ports?.probe(awakeMs);
  }

  #connect(): Promise<SessionPorts> {
    return this.#options.login.attempt(this.#openPorts);
  }

  async #keep(first: SessionPorts): Promise<void> {
    const { signal, voice } = this.#options;
    for (let ports = first; ; ports = await this.#again()) {
      this.#ports = ports;
      await ports.lost.catch((error: unknown) => {
        if (!signal.aborted) voice.trouble(`${textOf(error)}; the ports of the session are asked for again`);
      });
    }
  }

  async #again(): Promise<SessionPorts> {
    const { signal, voice } = this.#options;
    let told = '';
    for (let wait = pausesMs.first; ; wait = Math.min(wait * 2, pausesMs.most)) {
      await delay(wait, undefined, { signal });
      try {
        const ports = await this.#connect();
        voice.news('the ports of the session lead here again');
        return ports;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof BaiError)) throw error;
        // Over there the port may be that of the connection before for a while.
        if (error.message !== told) voice.trouble(`the ports of the session cannot be had: ${error.message}`);
        told = error.message;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ports?.[Symbol.asyncDispose]();
  }
}
