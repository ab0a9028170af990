/** A TCP connection to an SSH server, which may have been announced before it listens. */

import net from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { milestone } from '../core/milestones.ts';
import { countDown, startStopwatch } from '../core/time-limit.ts';
import { BaiError, reasonOf, systemCode, TimeoutError, UnreachableError } from '../errors.ts';
import type { Network } from './network.ts';
import type { DialTarget } from './proxy-dial.ts';

export interface SshDialOptions {
  readonly network: Network;
  readonly target: DialTarget;
  /** For messages: `SSH server of job demo`. */
  readonly label: string;
  /** How long it may refuse connections, or hang up before its greeting; each time it is tried again. */
  readonly patienceMs: number;
  /** Within so long a line on which nothing is said is found to be dead; half a minute when left out. */
  readonly silenceMs?: number | undefined;
  /** Hears, once for each dial, that it takes longer. */
  readonly onWait?: ((message: string) => void) | undefined;
  /** What to do when there is no answer at all, where the platform has a usual reason. */
  readonly silentHint?: string | undefined;
  /** What to do when nothing listens there, and when what listens says nothing. */
  readonly refusedHint: string;
  /** Where a failure does not pass with time: it is told at once, in these words. */
  readonly finally?: ((failure: FinalFailure) => BaiError) | undefined;
}

export interface FinalFailure {
  /** `hung-up`: it was closed without a byte. */
  readonly kind: 'refused' | 'hung-up' | 'unreachable';
  /** What a refusal to connect was. */
  readonly cause?: unknown;
  /** Of this machine, on the connection that was closed. */
  readonly ownAddress?: string | undefined;
}

/**
 * Ends with the first bytes of the server's greeting, which are still to be read. Through a jump host where there is one; the
 * proxies of HTTP are not asked. Throws an UnreachableError or a TimeoutError.
 */
export async function dialSsh(options: SshDialOptions, signal: AbortSignal): Promise<Duplex> {
  using watch = startStopwatch();
  let hasTold = false;
  for (let attempt = 0; ; attempt += 1) {
    const outcome = await dialOnce(options, signal);
    milestone('tunnel', () => {
      const what = typeof outcome === 'string' ? outcome : 'open';
      return `${options.label}: ${what}, ${Math.round(watch.elapsedMs)} ms after the first dial`;
    });
    if (outcome !== 'refused' && outcome !== 'hung-up') return outcome;
    if (watch.elapsedMs > options.patienceMs) throw gaveUp(options, outcome);
    if (!hasTold && watch.elapsedMs > quietMs) {
      hasTold = true;
      options.onWait?.(waitingFor(options, outcome));
    }
    await pause(Math.min(1000, 60 * 1.6 ** attempt), signal);
  }
}

const quietMs = 3_000;
const usualSilenceMs = 28_000;

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    throw signal.aborted ? reasonOf(signal) : error;
  }
}

/** Why a dial is worth another try. */
type NotYet = 'refused' | 'hung-up';

async function dialOnce(options: SshDialOptions, signal: AbortSignal): Promise<Duplex | NotYet> {
  signal.throwIfAborted();
  const { network, target, silenceMs = usualSilenceMs } = options;
  const stream = network.options.dial?.(target) ?? net.connect({ ...target, noDelay: true });
  // The system asks ten times, once a second, before it gives up.
  if (stream instanceof net.Socket) stream.setKeepAlive(true, silenceMs / 2);
  let ownAddress: string | undefined;
  stream.once('connect', () => {
    if (stream instanceof net.Socket) ownAddress = stream.localAddress;
  });
  try {
    return (await greeted(stream, options, signal)) ? stream : notYet(options, 'hung-up', { ownAddress });
  } catch (error) {
    stream.on('error', () => {});
    stream.destroy();
    if (signal.aborted) throw reasonOf(signal);
    if (error instanceof BaiError) throw error;
    const code = systemCode(error);
    if (code === 'ECONNREFUSED') return notYet(options, 'refused', { cause: error });
    if (code === 'ECONNRESET' || code === 'EPIPE') return notYet(options, 'hung-up', { ownAddress });
    throw options.finally?.({ kind: 'unreachable', cause: error }) ?? unreachable(options, error);
  }
}

function notYet(
  options: SshDialOptions,
  kind: NotYet,
  facts: Pick<FinalFailure, 'cause' | 'ownAddress'>,
): NotYet {
  if (options.finally === undefined) return kind;
  throw options.finally({ kind, ...facts });
}

/** Whether bytes came before the end. */
function greeted(stream: Duplex, options: SshDialOptions, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const { connectTimeoutMs } = options.network.options;
    const isDirect = stream instanceof net.Socket;
    const late = (): void =>
      settle(() => reject(isDirect && stream.connecting ? noConnection(options) : silent(options)));
    // Behind a jump host nobody tells when the connection stands.
    let limit = countDown(isDirect ? connectTimeoutMs || forEver : options.patienceMs, late);
    const interrupt = (): void => settle(() => reject(reasonOf(signal)));
    const connected = (): void => {
      limit[Symbol.dispose]();
      limit = countDown(options.patienceMs, late);
    };
    const readable = (): void => {
      // At the end there is nothing to read either.
      const first: unknown = stream.read();
      if (!(first instanceof Uint8Array)) return;
      stream.unshift(first);
      settle(() => resolve(true));
    };
    const ended = (): void => settle(() => resolve(false));
    const failed = (error: Error): void => settle(() => reject(error));
    const settle = (tell: () => void): void => {
      limit[Symbol.dispose]();
      signal.removeEventListener('abort', interrupt);
      stream.off('connect', connected).off('readable', readable).off('error', failed);
      stream.off('end', ended).off('close', ended);
      tell();
    };
    signal.addEventListener('abort', interrupt, { once: true });
    stream.on('connect', connected).on('readable', readable).on('error', failed);
    stream.on('end', ended).on('close', ended);
  });
}

const forEver = 2 ** 31 - 1;

function waitingFor({ label, patienceMs }: SshDialOptions, outcome: NotYet): string {
  const state = outcome === 'refused' ? 'does not listen yet' : 'hangs up before its greeting';
  return `the ${label} ${state}; it is tried for ${Math.round(patienceMs / 1000)} s`;
}

function gaveUp(options: SshDialOptions, outcome: NotYet): UnreachableError {
  const { label, patienceMs, refusedHint } = options;
  const seconds = Math.round(patienceMs / 1000);
  const [what, code] =
    outcome === 'refused'
      ? (['refuses connections', 'app-not-listening'] as const)
      : (['hangs up before its greeting', 'sshd-not-greeting'] as const);
  return new UnreachableError(
    `the ${label} at ${addressOf(options)} ${what}; it was tried for ${seconds} s`,
    {
      code,
      hint: refusedHint,
    },
  );
}

function silent(options: SshDialOptions): UnreachableError {
  const { label, patienceMs, refusedHint } = options;
  const within = `within ${Math.round(patienceMs / 1000)} s`;
  return new UnreachableError(`the ${label} at ${addressOf(options)} says nothing ${within}`, {
    code: 'sshd-not-greeting',
    hint: refusedHint,
  });
}

function noConnection(options: SshDialOptions): BaiError {
  return options.finally?.({ kind: 'unreachable' }) ?? noAnswer(options);
}

function noAnswer(options: SshDialOptions): TimeoutError {
  const { label, network, silentHint } = options;
  const seconds = network.options.connectTimeoutMs / 1000;
  return new TimeoutError(`no connection to the ${label} at ${addressOf(options)} in ${seconds} s`, {
    code: 'unreachable',
    hint: silentHint ?? checkNetwork,
  });
}

const checkNetwork =
  'a firewall in between may let nothing through to that port: check your network (VPN), or name a host to go through with -J';

function unreachable(options: SshDialOptions, cause: unknown): UnreachableError {
  const code = systemCode(cause) ?? 'unknown error';
  const { label, silentHint } = options;
  const isTimeout = code === 'ETIMEDOUT';
  return new UnreachableError(`cannot reach the ${label} at ${addressOf(options)} (${code})`, {
    cause,
    hint: isTimeout && silentHint !== undefined ? silentHint : checkNetwork,
  });
}

function addressOf({ target: { host, port } }: SshDialOptions): string {
  return net.isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}
