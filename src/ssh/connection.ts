/** An SSH connection over a tunnel's stream, without a local port. The host key is checked before any key is used. */

import { setMaxListeners } from 'node:events';
import type { Duplex } from 'node:stream';
import ssh2, { type Client, type ConnectConfig, type ServerHostKeyAlgorithm } from 'ssh2';
import { placeName } from '../core/session/session.ts';
import { type StrongCipher, strongCiphers } from '../core/ssh/link-tuning.ts';
import { within } from '../core/time-limit.ts';
import { BaiError, ConflictError, reasonOf, UnreachableError } from '../errors.ts';
import { openAgent } from './agent.ts';
import { type Asked, noAnswer } from './ask.ts';
import { openEarly, takesEarlyChannels } from './early-channel.ts';
import { FlowControl } from './flow-control.ts';
import { type PipelinedHandshake, pipelineHandshake } from './handshake-pipelining.ts';
import { Login, type LoginKey } from './login.ts';
import { resetKeepalive, softwareOf } from './ssh2-internals.ts';

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
const usualAnswerMs = 60_000;
/** After Ctrl-C, for what was begun to be taken back over it. */
const farewellMs = 1_400;

export async function openSshConnection(options: SshConnectionOptions): Promise<SshConnection> {
  const { signal, stream, answerMs = usualAnswerMs, withLogin } = options;
  signal.throwIfAborted();
  // ssh2 would wait for the end of a stream that has ended already, until its handshake times out.
  if (stream.destroyed) throw connectionLost(placeOf(options));
  const client = new ssh2.Client();
  const login = new Login({ ...options, place: placeOf(options) });
  let refusal: unknown;
  const stage = { hasExchangedKeys: false, isLoggedIn: false };
  let giveUp: (error: unknown) => void = () => {};
  const lost = new Promise<never>((_, reject) => {
    giveUp = reject;
    client.on('error', (error) => reject(refusal ?? explain(error, login, options)));
    client.on('close', () => reject(refusal ?? login.hungUp() ?? connectionLost(placeOf(options))));
    // A session that hangs up in good order ends the stream only: ssh2 then answers no request, and never closes.
    client.on('end', () => reject(refusal ?? login.hungUp() ?? connectionLost(placeOf(options))));
    endWith(signal, client, reject);
  });
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
  client.connect(
    configOf(options, login, (error) => {
      refusal = error;
    }),
  );
  let opened: Promise<void> = Promise.resolve();
  const saved = pipelineHandshake(client, () => {
    if (withLogin === undefined || !login.isOnly || !takesEarlyChannels(softwareOf(client))) return;
    opened = openEarly(client, giveUp);
    withLogin.begin(connection());
  });
  void saved.loginAccepted.then(() => login.accept());
  let made: SshConnection | undefined;
  const connection = (): SshConnection => {
    made ??= connectionOver(client, options, { ...{ lost, signal, answerMs }, over, cipher, ...saved });
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

type ConnectionParts = Omit<
  SshConnection,
  'client' | 'place' | 'flow' | 'software' | typeof Symbol.asyncDispose
>;

/** For a client that reads from its stream. */
function connectionOver(
  client: Client,
  options: SshConnectionOptions,
  parts: ConnectionParts,
): SshConnection {
  const flow = new FlowControl(options.stream, () => resetKeepalive(client));
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
    algorithms: { cipher: [...ciphers], hmac: [...hmacOrder] },
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

interface HostKeyPreference {
  readonly keyTypes?: readonly ServerHostKeyAlgorithm[] | undefined;
  readonly answerMs?: number | undefined;
}

/** Connects only as far as the host key, and hangs up before anything of the user's is sent. */
export async function fetchHostKey(
  stream: Duplex,
  session: string,
  signal: AbortSignal,
  { keyTypes, answerMs = usualAnswerMs }: HostKeyPreference = {},
): Promise<Uint8Array> {
  const client = new ssh2.Client();
  const place = `session ${session}`;
  const shown = (): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      client.on('error', (error) => reject(connectionLost(place, error)));
      client.on('close', () => reject(connectionLost(place)));
      client.connect({
        sock: stream,
        username: 'nobody',
        readyTimeout: 0,
        ...(keyTypes && { algorithms: { serverHostKey: [...keyTypes] } }),
        hostVerifier: (key: Buffer) => {
          resolve(Buffer.from(key));
          return false;
        },
      });
    });
  const late = (): Error => noAnswer(`${place} did not finish the key exchange`, answerMs / 1000);
  try {
    return await within(shown, { signal, ms: answerMs, late });
  } finally {
    client.on('error', () => {});
    client.destroy();
    stream.destroy();
  }
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

function connectionLost(place: string, cause?: unknown): UnreachableError {
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
