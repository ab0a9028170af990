/** A tunnel through the manager: each dial is one freshly signed WebSocket to one app of one session. */

import type { Agent } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { milestone } from '../../../core/milestones.ts';
import { createSemaphore, type Semaphore } from '../../../core/semaphore.ts';
import type { Tunnel } from '../../../core/session/provider.ts';
import { typed } from '../../../core/text/typed.ts';
import { countDown, startStopwatch, within } from '../../../core/time-limit.ts';
import { TimeoutError, UnreachableError } from '../../../errors.ts';
import { signedInAgain, type UpgradeFailure } from '../manager/upgrade.ts';
import type { HiddenEnd } from './hidden-end.ts';
import { openWebSocketStream, UpgradeRefused } from './websocket-stream.ts';

export interface ManagerTunnelOptions {
  /** For messages, e.g. `sshd of demo`. */
  readonly label: string;
  /** Its name, for commands in hints. */
  readonly session: string;
  /** Signatures carry the time, so each attempt asks for a new one. */
  sign(signal: AbortSignal): Promise<SignedDial>;
  /** `takesOver`: the dial may go over a connection that is kept from the requests before it. */
  agentFor(url: URL, takesOver: boolean): Agent;
  /**
   * Turns a refused upgrade, or a connection that never stood, into an error for the user; `signedInAgain` where the reason is
   * gone by now.
   */
  explain(failure: Omit<UpgradeFailure, 'what' | 'signal'>, signal: AbortSignal): Promise<unknown>;
  /**
   * Whether the app speaks first, as sshd does. Then a dial ends with its first bytes, and a connection
   * that closes before them is tried again: the sessions' dropbear lets five unauthenticated connections
   * in at a time and hangs up on others.
   */
  readonly greets: boolean;
  /** Where ends are not passed on: how to find out that the session has ended. */
  readonly hiddenEnd?: HiddenEnd | undefined;
  /** When nothing was heard for so long, the line of a tunnel is dead. */
  readonly silenceMs?: number | undefined;
  /** Told of connections to the manager that are given up before they stand, and when they are closed. */
  readonly onGivenUp?: (closed: Promise<void>) => void;
  /** How long to try again while the app does not listen yet or does not let us in. */
  readonly patienceMs?: number;
  /** How long the manager may take to open a tunnel: it starts the app before it answers. */
  readonly upgradeLimitMs?: number;
  /** Hears, once for each dial, that it takes longer, and for how long at most it is tried. */
  readonly onWait?: ((message: string) => void) | undefined;
  /** When that is said. */
  readonly quietMs?: number;
}

interface SignedDial {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether this manager ends a tunnel without a close frame. */
  readonly endsWithoutCloseFrame: boolean;
  /** Whether the manager is of the release that this was signed for; else it is signed and dialled anew. */
  readonly isRight: Promise<boolean>;
}

/** Below dropbear's five, and the same for all dials of this process. */
const dialsAtOnce = 4;
const refusedByApp = 1013;
/** A connection that is kept for longer may be dead, as all are when a line was cut. */
const takeOverMs = 3_000;
/** An app that does not greet has this long to refuse; one that did listen once is not waited for again. */
const graceMs = 150;
/** Longer than a server takes that greets at all. */
const firstGreetingMs = 5_000;
const defaultPatienceMs = 30_000;
/** Longer than sshd takes to start in a session that has just begun to run. */
const defaultQuietMs = 3_000;
const defaultUpgradeLimitMs = 60_000;

export function createManagerTunnel(options: ManagerTunnelOptions): Tunnel {
  const semaphore = options.greets ? createSemaphore(dialsAtOnce) : undefined;
  // By the clock on the wall, which does not stand still while this machine sleeps.
  const state = { knownToListen: false, takesOverUntil: Date.now() + takeOverMs };
  return { dial: (signal) => dialInTurn(options, { semaphore, state }, signal) };
}

interface DialState {
  knownToListen: boolean;
  takesOverUntil: number;
}

interface DialShared {
  readonly semaphore: Semaphore | undefined;
  readonly state: DialState;
}

async function dialInTurn(
  options: ManagerTunnelOptions,
  shared: DialShared,
  signal: AbortSignal,
): Promise<Duplex> {
  const leave = await shared.semaphore?.enter(signal);
  const givenUp: Promise<void>[] = [];
  const onGivenUp = (closed: Promise<void>): void => {
    givenUp.push(closed);
    options.onGivenUp?.(closed);
  };
  try {
    return await dialPatiently({ ...options, onGivenUp }, shared, signal);
  } finally {
    // What is not closed yet may still take a place over there.
    void Promise.all(givenUp).then(() => leave?.());
  }
}

async function dialPatiently(
  options: ManagerTunnelOptions,
  { state }: DialShared,
  signal: AbortSignal,
): Promise<Duplex> {
  using watch = startStopwatch();
  let hasTold = false;
  for (let attempt = 0; ; attempt += 1) {
    const outcome = await dialOnce(options, { state, attempt }, signal);
    milestone('tunnel', () => {
      const what = typeof outcome === 'object' ? 'open' : `not yet (${outcome})`;
      return `${options.label}: ${what}, ${Math.round(watch.elapsedMs)} ms after the first dial`;
    });
    if (typeof outcome === 'object') {
      state.knownToListen = true;
      return outcome;
    }
    const waitedMs = watch.elapsedMs;
    if (waitedMs > patienceOf(options)) throw gaveUp(options, outcome);
    if (!hasTold && waitedMs > (options.quietMs ?? defaultQuietMs)) {
      hasTold = true;
      options.onWait?.(waitingFor(options, outcome));
    }
    // Jitter, or dials that were turned away together come back together.
    await delay(Math.min(1000, 60 * 1.6 ** attempt) * (0.5 + Math.random()), undefined, { signal });
  }
}

function patienceOf({ patienceMs }: ManagerTunnelOptions): number {
  return patienceMs ?? defaultPatienceMs;
}

function waitingFor(options: ManagerTunnelOptions, outcome: NotYet): string {
  const { label, greets } = options;
  const state = outcome === refusedByApp || !greets ? 'does not listen yet' : 'hangs up before its greeting';
  return `the ${label} ${state}; it is tried for ${secondsOf(options)} s`;
}

function secondsOf(options: ManagerTunnelOptions): number {
  return Math.round(patienceOf(options) / 1000);
}

/** Why a dial is worth another try: the close code, or that the app said nothing at all. */
type NotYet = number | 'silent';

async function dialOnce(
  options: ManagerTunnelOptions,
  { state, attempt }: { readonly state: DialState; readonly attempt: number },
  signal: AbortSignal,
): Promise<Duplex | NotYet> {
  const takesOver = Date.now() < state.takesOverUntil;
  state.takesOverUntil = 0;
  const { stream, begun } = await connect(options, { takesOver, isRenewed: false }, signal);
  const abort = (): void => void stream.destroy();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const timers = new AbortController();
  try {
    const limit = limitOfBeginning(options, { ...state, attempt }, timers.signal);
    const first = await Promise.race([begun, limit]);
    signal.throwIfAborted();
    if (first === 'bytes' || (!options.greets && first !== refusedByApp)) return stream;
    stream.destroy();
    return first;
  } finally {
    timers.abort();
    signal.removeEventListener('abort', abort);
  }
}

/** How a stream counts that has neither brought bytes nor closed so far. */
function limitOfBeginning(
  options: ManagerTunnelOptions,
  { knownToListen, attempt }: { readonly knownToListen: boolean; readonly attempt: number },
  signal: AbortSignal,
): Promise<'bytes' | NotYet> {
  if (!options.greets && knownToListen) return Promise.resolve('bytes');
  return new Promise((resolve) => {
    const count = options.greets
      ? countDown(greetingLimitMs(options, attempt), () => resolve('silent'))
      : countDown(graceMs, () => resolve('bytes'));
    signal.addEventListener('abort', () => count[Symbol.dispose](), { once: true });
  });
}

/** Behind a web console silence may be a connection that was hung up on, and the next one may be let in. */
function greetingLimitMs(options: ManagerTunnelOptions, attempt: number): number {
  const patienceMs = patienceOf(options);
  return options.hiddenEnd === undefined ? patienceMs : Math.min(patienceMs, firstGreetingMs * 2 ** attempt);
}

interface Attempt {
  readonly takesOver: boolean;
  /** It follows a login that was made anew: one that is refused as well is not made again. */
  readonly isRenewed: boolean;
}

async function connect(
  options: ManagerTunnelOptions,
  { takesOver, isRenewed }: Attempt,
  signal: AbortSignal,
): ReturnType<typeof openWebSocketStream> {
  const { url, headers, endsWithoutCloseFrame, isRight } = await options.sign(signal);
  try {
    const agent = options.agentFor(url, takesOver);
    const { onGivenUp, silenceMs, hiddenEnd } = options;
    const target = { url, headers, agent, endsWithoutCloseFrame, onGivenUp, silenceMs, hiddenEnd };
    const { upgradeLimitMs: ms = defaultUpgradeLimitMs } = options;
    const late = (): Error => notOpened(options, ms / 1000);
    const opened = await within((until) => openWebSocketStream(target, until), { signal, ms, late });
    if (await rightOrGone(opened.stream, isRight)) return opened;
  } catch (error) {
    signal.throwIfAborted();
    // What was kept may have been closed over there meanwhile, which says nothing about the tunnel.
    if (takesOver && isCut(error)) return await connect(options, { takesOver: false, isRenewed }, signal);
    const response = error instanceof UpgradeRefused ? error.response : undefined;
    if (await isRight) {
      const reason = await options.explain({ error, response, headers, isRenewed }, signal);
      if (reason !== signedInAgain) throw reason;
      return await connect(options, { takesOver: false, isRenewed: true }, signal);
    }
    response?.destroy();
  }
  // Signed for the release that it is: it has told by now.
  return await connect(options, { takesOver: false, isRenewed }, signal);
}

/** A tunnel that was dialled by a guess that is wrong leads to nobody knows where. */
async function rightOrGone(stream: Duplex, isRight: Promise<boolean>): Promise<boolean> {
  const isKept = await isRight.catch((error: unknown) => {
    stream.destroy();
    throw error;
  });
  if (!isKept) stream.destroy();
  return isKept;
}

function isCut(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ECONNRESET' || code === 'EPIPE';
}

function notOpened({ label }: ManagerTunnelOptions, seconds: number): TimeoutError {
  return new TimeoutError(`the manager did not open the tunnel to the ${label} in ${seconds} s`, {
    hint: 'try again; BAI_ANSWER_TIMEOUT (the setting answerTimeout) allows more time',
  });
}

function gaveUp(options: ManagerTunnelOptions, code: NotYet): UnreachableError {
  const { label, session, greets } = options;
  const tried = `within ${secondsOf(options)} s`;
  if (code === 'silent') {
    return new UnreachableError(`the ${label} accepts connections but says nothing ${tried}`, {
      code: 'sshd-not-greeting',
      hint: `the session may hang: look at \`${typed(['bai', 'session', 'logs', session])}\`, or make a new one`,
    });
  }
  if (code === refusedByApp || !greets) {
    return new UnreachableError(
      `the ${label} does not listen inside the session; it was tried for ${secondsOf(options)} s`,
      {
        code: 'app-not-listening',
        hint: `it has not started, or it has ended: \`${typed(['bai', 'session', 'logs', session])}\` may say why. If it persists, make the session anew`,
        details: { closeCode: code },
      },
    );
  }
  return new UnreachableError(
    `the ${label} hung up before its greeting, again and again for ${secondsOf(options)} s`,
    {
      code: 'sshd-not-greeting',
      hint: 'its host key is gone when something emptied /tmp in the session (agents before 26.3 keep it in /tmp/dropbear): make the session anew. Otherwise too many logins wait on each other: try again',
      details: { closeCode: code },
    },
  );
}
