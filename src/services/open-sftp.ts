/** An SFTP connection into a session: no local port, the key only in memory. */

import type { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { cipherOrder, type LineSetting, type StrongCipher } from '../core/line-setting.ts';
import type { SessionRef } from '../core/session.ts';
import type { Tunnel } from '../core/ssh-access.ts';
import type { SftpConnection } from '../transfer/sftp-connection.ts';
import { type AppDeps, hostKeyAlias } from './app-deps.ts';
import { checkApp } from './check-app.ts';
import { openRunningSession } from './open-session.ts';
import { sshApp } from './prepare-ssh.ts';

export interface OpenSftpDeps extends AppDeps {
  /** The user's own key, read and checked. */
  readOwnKey(path: string): Promise<Uint8Array>;
  connectSftp(request: ConnectSftpRequest): Promise<SftpConnection>;
  /** What was measured for a session, by its `peer`. */
  lineOf(peer: string): Promise<LineSetting | undefined>;
}

export interface ConnectSftpRequest {
  readonly session: string;
  readonly user: string;
  readonly stream: Duplex;
  readonly privateKey: Promise<Uint8Array>;
  readonly verifyHostKey: (key: Uint8Array) => Promise<unknown>;
  readonly signal: AbortSignal;
  /** In the order of preference. */
  readonly ciphers: readonly StrongCipher[];
}

export interface OpenedSftp {
  readonly connection: SftpConnection;
  /** One more connection to the same session, even if another has its name by now. */
  readonly dial: () => Promise<SftpConnection>;
  /** The session, by a name that no other one gets. */
  readonly peer: string;
  /** What was measured for this session, and is in use; nothing when nothing was. */
  readonly line: LineSetting | undefined;
}

export interface OpenedLine {
  readonly session: SessionRef;
  /** The session, by a name that no other one gets. */
  readonly peer: string;
  /** Each call is one more connection. */
  readonly connect: (ciphers: readonly StrongCipher[]) => Promise<SftpConnection>;
}

/** The way to a session, without a connection so far and without what was measured for it before. */
export async function openLine(reference: string, deps: OpenSftpDeps): Promise<OpenedLine> {
  const session = await openRunningSession(reference, deps);
  const way = await findWay(session, deps);
  return {
    session,
    peer: hostKeyAlias(session),
    connect: (ciphers) => connect(session, { ...way, ciphers }, deps),
  };
}

/** `found` hears which session it is before the connection is made. */
export async function openSftp(
  reference: string,
  deps: OpenSftpDeps,
  found: (session: SessionRef) => void = () => {},
): Promise<OpenedSftp> {
  const session = await openRunningSession(reference, deps);
  found(session);
  const busy = deps.reporter.busy(`connecting to ${session.name}`);
  try {
    const peer = hostKeyAlias(session);
    const line = await deps.lineOf(peer);
    const way = { ...(await findWay(session, deps)), ciphers: cipherOrder(line?.cipher) };
    const connection = await connect(session, way, deps);
    return { connection, dial: () => connect(session, way, deps), peer, line };
  } finally {
    busy.stop();
  }
}

interface Way {
  readonly tunnel: Tunnel;
  /** What every connection of a run needs; asked for once, by the first. */
  ask(): { readonly app: Promise<unknown>; readonly key: Promise<Uint8Array> };
}

interface ChosenWay extends Way {
  readonly ciphers: readonly StrongCipher[];
}

async function findWay(session: SessionRef, deps: OpenSftpDeps): Promise<Way> {
  const { identity } = deps.settings;
  // What the user can mend alone is said before anything is dialled.
  const ownKey = identity === undefined ? undefined : await deps.readOwnKey(identity);
  let asked: ReturnType<Way['ask']> | undefined;
  return {
    tunnel: deps.tunnelTo(session, sshApp),
    ask() {
      asked ??= {
        app: checkApp(session, sshApp, deps),
        key: ownKey === undefined ? downloadKey(session, deps) : Promise.resolve(ownKey),
      };
      return asked;
    },
  };
}

async function downloadKey(session: SessionRef, deps: OpenSftpDeps): Promise<Uint8Array> {
  return Buffer.from((await deps.readKey(session, deps.signal)).text);
}

async function connect(session: SessionRef, way: ChosenWay, deps: OpenSftpDeps): Promise<SftpConnection> {
  const given = new AbortController();
  const signal = AbortSignal.any([deps.signal, given.signal]);
  const connection = connectThrough(way, { session, signal }, deps);
  connection.catch(() => {});
  try {
    // The dial is the longest way: it goes first, over the connection to the manager that stands already.
    await setImmediate();
    const { app, key } = way.ask();
    for (const outcome of await Promise.allSettled([app, key]))
      if (outcome.status === 'rejected') throw outcome.reason;
    return await connection;
  } catch (error) {
    given.abort(error);
    await connection.then(
      (made) => made[Symbol.asyncDispose](),
      () => {},
    );
    throw error;
  }
}

interface Attempt {
  readonly session: SessionRef;
  readonly signal: AbortSignal;
}

async function connectThrough(
  way: ChosenWay,
  { session, signal }: Attempt,
  deps: OpenSftpDeps,
): Promise<SftpConnection> {
  const stream = await way.tunnel.dial(signal);
  try {
    return await deps.connectSftp({
      session: session.name,
      user: deps.settings.user,
      stream,
      privateKey: way.ask().key,
      verifyHostKey: (hostKey) => deps.knownHosts.verify(hostKeyAlias(session), hostKey, session.name),
      signal,
      ciphers: way.ciphers,
    });
  } catch (error) {
    stream.destroy();
    throw error;
  }
}
