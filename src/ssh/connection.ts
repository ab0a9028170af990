/** An SSH connection over a tunnel's stream, without a local port. The host key is checked before any key is used. */

import { getCiphers } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Duplex } from 'node:stream';
import ssh2, { type Client, type ConnectConfig } from 'ssh2';
import { milestone } from '../core/milestones.ts';
import { placeName } from '../core/session/session.ts';
import { type StrongCipher, strongCiphers, usableCiphers } from '../core/ssh/link-tuning.ts';
import { within } from '../core/time-limit.ts';
import { BaiError, ConflictError, reasonOf, UnreachableError } from '../errors.ts';
import { openAgent } from './agent.ts';
import { type Asked, noAnswer } from './ask.ts';
import { openEarly, takesEarlyChannels } from './early-channel.ts';
import { FlowControl } from './flow-control.ts';
import { type PipelinedHandshake, pipelineHandshake } from './handshake-pipelining.ts';
import { Login, type LoginKey } from './login.ts';
import { quickenPackets } from './quick-packets.ts';
import { protocolOf, resetKeepalive, softwareOf } from './ssh2-internals.ts';

export interface SshConnectionOptions {
  /** For messages. */
  readonly session: string;
  /** For messages too: the container, where it is not main1. */
  readonly node?: string | undefined;
  readonly user: string;
  readonly stream: Duplex;
  /** Awaited when it is time to log in: it may still be on its way while the connection is made. */
  readonly privateKey: Promise<LoginKey>;
  /** Rejects to refuse the host key. */
  readonly verifyHostKey: (key: Uint8Array) => Promise<unknown>;
  readonly signal: AbortSignal;
  /** In the order of preference; `strongCiphers` when left out. */
  readonly ciphers?: readonly StrongCipher[];
  /** Where an agent listens that programs of the session may ask; nobody logs in with it. */
  readonly agent?: string | undefined;
  /** How long the server may take for an answer; a minute when left out. */
  readonly answerMs?: number | undefined;
  /** When nothing was heard for so long, the connection is lost. */
  readonly silenceMs?: number | undefined;
  /** What is begun with the login, where the server is known to take that; see `openEarly`. */
  readonly withLogin?: WithLogin | undefined;
}

export interface WithLogin {
  /**
   * Opens one channel in this turn, or soon. It is called once at most, and what it was called for is carried out by this
   * connection or not at all: a TooEarlyError says that it is known not to have been.
   */
  begin(connection: SshConnection): void;
  /** What is thrown when the login is accepted and the channel is not opened in time. */
  late(seconds: number): Error;
}

export interface SshConnection extends AsyncDisposable, PipelinedHandshake, Asked {
  readonly client: Client;
  /** For messages: what it leads to. */
  readonly place: string;
  /** Shared by all that read from this connection. */
  readonly flow: FlowControl;
  /**
   * Rejects when the connection is lost or was aborted; never resolves, and needs no catch. Race every
   * request with it: ssh2 never answers a request whose connection has died.
   */
  readonly lost: Promise<never>;
  /** Aborted then, with what `lost` rejects with: for whoever goes before the connection does, and must not be kept by it. */
  readonly over: AbortSignal;
  /** The server as its greeting names it, such as `dropbear_2024.85`. */
  readonly software: string;
  /** What both directions are encrypted with, where both are with the same. */
  readonly cipher: string | undefined;
  /** How long the login took that something went along with: a round trip, and what the server made of the key. */
  loginMs(): number | undefined;
}

/** AES in counter mode is only as safe as the code that goes with it. */
const hmacOrder = [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
  'hmac-sha1-etm@openssh.com',
] as const;

/** A server answers within a quarter of it. */
const usualSilenceMs = 28_000;
export const usualAnswerMs = 60_000;
/** After Ctrl-C, for what was begun to be taken back over it. */
const farewellMs = 1_400;

export async function openSshConnection(options: SshConnectionOptions): Promise<SshConnection> {
  const { signal, stream, answerMs = usualAnswerMs, withLogin } = options;
  signal.throwIfAborted();
  // ssh2 would wait for the end of a stream that has ended already, until its handshake times out.
  if (stream.destroyed) throw connectionLost(placeOf(options));
  const client = new ssh2.Client();
  const login = new Login({ ...options, place: placeOf(options) });
  const stage = { hasExchangedKeys: false, isLoggedIn: false };
  const { lost, giveUp, refuse } = watchLoss(client, login, options);
  const over = overWith(lost, client);
  const ready = new Promise<void>((resolve) => client.once('ready', () => resolve()));
  client.once('ready', () => {
    login.done();
    stage.isLoggedIn = true;
  });
  let cipher: string | undefined;
  client.once('handshake', ({ cs, sc }) => {
    stage.hasExchangedKeys = true;
    cipher = cs.cipher === sc.cipher ? cs.cipher : undefined;
  });
  tellMilestones(client, options);
  client.connect(configOf(options, login, refuse));
  let opened: Promise<void> = Promise.resolve();
  const times = { sent: Number.NaN, accepted: Number.NaN };
  const saved = pipelineHandshake(client, () => {
    if (withLogin === undefined || !login.isOnly || !takesEarlyChannels(softwareOf(client))) return;
    opened = openEarly(client, giveUp);
    times.sent = performance.now();
    client.once('ready', () => {
      times.accepted = performance.now();
    });
    withLogin.begin(connection());
  });
  void saved.loginAccepted.then(() => login.accept());
  const loginMs = (): number | undefined => {
    const ms = times.accepted - times.sent;
    return Number.isNaN(ms) ? undefined : ms;
  };
  let made: SshConnection | undefined;
  const connection = (): SshConnection => {
    const closed = (): void => giveUp(connectionLost(placeOf(options)));
    made ??= connectionOver(client, options, {
      closed,
      ...{ lost, signal, answerMs, over, cipher, loginMs },
      ...saved,
    });
    return made;
  };
  try {
    const late = (): Error => slowLogin(options, login, { ...stage, seconds: answerMs / 1000 });
    const answered = ready.then(() => opened);
    await within(() => Promise.race([answered, lost]), { signal, ms: answerMs, late });
  } catch (error) {
    client.destroy();
    throw error;
  }
  return connection();
}

function tellMilestones(client: Client, options: SshConnectionOptions): void {
  const place = placeOf(options);
  client.once('handshake', ({ cs, serverHostKey }) =>
    milestone('ssh', () => `${place}: ${softwareOf(client)}, ${cs.cipher}, host key ${serverHostKey}`),
  );
  client.once('ready', () => milestone('ssh', () => `${place}: logged in as ${options.user}`));
}

interface Loss {
  readonly lost: Promise<never>;
  readonly giveUp: (error: unknown) => void;
  /** Why it is going to be lost, whatever the end then looks like. */
  readonly refuse: (error: unknown) => void;
}

function watchLoss(client: Client, login: Login, options: SshConnectionOptions): Loss {
  let refusal: unknown;
  let giveUp: Loss['giveUp'] = () => {};
  const ended = (): unknown => refusal ?? login.hungUp() ?? connectionLost(placeOf(options));
  const lost = new Promise<never>((_, reject) => {
    giveUp = reject;
    client.on('error', (error) => reject(refusal ?? explain(error, login, options)));
    client.on('close', () => reject(ended()));
    // A session that hangs up in good order ends the stream only: ssh2 then answers no request, and never closes.
    client.on('end', () => reject(ended()));
    endWith(options.signal, client, reject);
  });
  const refuse = (error: unknown): void => {
    refusal = error;
  };
  return { lost, giveUp, refuse };
}

interface ConnectionParts
  extends Omit<SshConnection, 'client' | 'place' | 'flow' | 'software' | typeof Symbol.asyncDispose> {
  /** Whoever still waits for an answer gets none. */
  readonly closed: () => void;
}

/** For a client that reads from its stream. */
function connectionOver(
  client: Client,
  options: SshConnectionOptions,
  { closed, ...parts }: ConnectionParts,
): SshConnection {
  const flow = new FlowControl(options.stream, () => resetKeepalive(client));
  quickenPackets(protocolOf(client), options.stream);
  return {
    client,
    place: placeOf(options),
    flow,
    ...parts,
    software: softwareOf(client),
    async [Symbol.asyncDispose]() {
      flow.letGo();
      client.end();
      options.stream.end();
      client.destroy();
      leave(client, options.stream);
      closed();
    },
  };
}

/** All is said: a process that has nothing else to do does not wait until the other side has hung up, too. */
function leave(client: Client, stream: Duplex): void {
  // It stops counting the silence of a line that nothing is sent over any more.
  resetKeepalive(client);
  if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
}

/** Aborted when the connection is lost, which is then closed here too. */
function overWith(lost: Promise<never>, client: Client): AbortSignal {
  const over = new AbortController();
  // Every program of the session listens to both.
  setMaxListeners(0, over.signal, client);
  lost.catch((error: unknown) => {
    client.destroy();
    over.abort(error);
  });
  return over.signal;
}

/** Whoever uses a connection that stands ends by the same signal, and first takes back over it what was begun. */
function endWith(signal: AbortSignal, client: Client, end: (error: Error) => void): void {
  let isReady = false;
  let farewell: NodeJS.Timeout | undefined;
  client.once('ready', () => {
    isReady = true;
  });
  const interrupt = (): void => {
    const endNow = (): void => end(reasonOf(signal));
    if (isReady) farewell = setTimeout(endNow, farewellMs).unref();
    else endNow();
  };
  signal.addEventListener('abort', interrupt, { once: true });
  // A run may make many connections under one signal.
  client.on('close', () => {
    signal.removeEventListener('abort', interrupt);
    clearTimeout(farewell);
  });
}

function configOf(
  options: SshConnectionOptions,
  login: Login,
  refuse: (error: unknown) => void,
): ConnectConfig {
  const { user, stream, agent, ciphers = strongCiphers, silenceMs = usualSilenceMs } = options;
  return {
    sock: stream,
    username: user,
    algorithms: { cipher: usableCiphers(ciphers, getCiphers()), hmac: [...hmacOrder] },
    // ssh2's own limit would count the time in which this machine slept.
    readyTimeout: 0,
    keepaliveInterval: silenceMs / 4,
    keepaliveCountMax: 3,
    ...(agent !== undefined && { agent: openAgent(agent) }),
    hostVerifier: verifyOnce(options, refuse),
    authHandler: login.handler(refuse),
  };
}

/**
 * New keys are agreed on during a long connection (the sessions' dropbear asks for them after each GiB), and ssh2 shows
 * the host key every time. It is still the one that was checked, or it is refused. The answer must be there at once:
 * while ssh2 waits for one, it sends what comes in between with the old keys, which ends the connection.
 */
function verifyOnce(
  options: SshConnectionOptions,
  refuse: (error: unknown) => void,
): (key: Buffer, answer: (accepted: boolean) => void) => void {
  let checked: Buffer | undefined;
  return (key, answer) => {
    if (checked !== undefined) {
      const isSame = checked.equals(key);
      if (!isSame) refuse(anotherHostKey(placeOf(options)));
      return answer(isSame);
    }
    // ssh2 takes no answer for a connection that has closed meanwhile.
    const reply = (isAccepted: boolean): void => void (options.stream.destroyed || answer(isAccepted));
    options.verifyHostKey(key).then(
      () => {
        checked = Buffer.from(key);
        reply(true);
      },
      (error: unknown) => {
        refuse(error);
        reply(false);
      },
    );
  };
}

interface LoginStage {
  readonly hasExchangedKeys: boolean;
  readonly isLoggedIn: boolean;
  readonly seconds: number;
}

function slowLogin(
  options: SshConnectionOptions,
  login: Login,
  { hasExchangedKeys, isLoggedIn, seconds }: LoginStage,
): Error {
  const place = placeOf(options);
  if (isLoggedIn && options.withLogin !== undefined) return options.withLogin.late(seconds);
  if (!hasExchangedKeys) return noAnswer(`${place} did not finish the key exchange`, seconds);
  if (!login.waitsForAgent) return noAnswer(`${place} did not answer the login`, seconds);
  const hint = 'check whether it asks you something; `ssh-add -l` shows whether it answers at all';
  return noAnswer('the SSH agent did not sign the login', seconds, hint);
}

function placeOf({ session, node }: SshConnectionOptions): string {
  return placeName({ name: session, ...(node !== undefined && { node }) });
}

function anotherHostKey(place: string): ConflictError {
  return new ConflictError(`${place} showed another host key in the middle of a connection`, {
    code: 'host-key-changed',
    hint: 'no server does that by itself: somebody may be listening; `bai host-key show` names the pinned key',
  });
}

export function connectionLost(place: string, cause?: unknown): UnreachableError {
  return new UnreachableError(`the connection to ${place} was lost`, {
    code: 'connection-lost',
    hint: 'run the same command again; `bai session info` shows whether the session still runs',
    cause,
  });
}

function explain(error: Error & { level?: string }, login: Login, options: SshConnectionOptions): unknown {
  if (error instanceof BaiError) return error;
  if (error.level === 'client-authentication') return login.refused(error);
  return login.hungUp(error) ?? connectionLost(placeOf(options), error);
}
