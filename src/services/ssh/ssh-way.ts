/** The way to a session's sshd without a local port: tunnel, key in memory, host key pinned. */

import { setImmediate } from 'node:timers/promises';
import type { SessionRef } from '../../core/session/session.ts';
import type { Tunnel } from '../../core/ssh/ssh-access.ts';
import type { SshConnectionOptions } from '../../ssh/connection.ts';
import type { LoginKey } from '../../ssh/login.ts';
import { checkApp } from '../session/check-app.ts';
import { type AppDeps, hostKeyAlias } from './app-deps.ts';
import { explainRefusal, type ReadAuthorized } from './explain-refusal.ts';
import { sshApp } from './prepare-ssh.ts';
import { agentRing, issuedOrOwn } from './user-keys.ts';

export interface WayDeps extends AppDeps, ReadAuthorized {
  /** The user's own key, read and checked; a passphrase is asked for where there is a terminal. */
  readOwnKey(path: string): Promise<LoginKey>;
}

export type LoginRequest = Omit<SshConnectionOptions, 'ciphers'>;

export interface Way {
  readonly session: SessionRef;
  readonly tunnel: Tunnel;
  /** What every connection of a run needs; asked for once, by the first. */
  ask(): { readonly app: Promise<unknown>; readonly key: Promise<LoginKey> };
}

/** Nothing is dialled yet. */
export async function findWay(session: SessionRef, deps: WayDeps): Promise<Way> {
  const { identity, usesAgent } = deps.settings;
  // What the user can mend alone is said before anything is dialled.
  const agentKeys = usesAgent ? await agentRing(deps) : undefined;
  const ownKey = identity === undefined ? agentKeys : await deps.readOwnKey(identity);
  let asked: ReturnType<Way['ask']> | undefined;
  return {
    session,
    tunnel: deps.tunnelTo(session, sshApp),
    ask() {
      asked ??= {
        // The apps of a node would be those of main1, which are looked at on the way there.
        app: session.node === undefined ? checkApp(session, sshApp, deps) : Promise.resolve(),
        key: ownKey === undefined ? downloadKey(session, deps) : Promise.resolve(ownKey),
      };
      return asked;
    },
  };
}

async function downloadKey(session: SessionRef, deps: WayDeps): Promise<LoginKey> {
  const issued = await issuedOrOwn(session, deps);
  return 'ring' in issued ? issued.ring : Buffer.from(issued.key.text);
}

/** `login` makes the SSH connection; it is not called when there is no way to the session's sshd. */
export async function connect<T extends AsyncDisposable>(
  way: Way,
  login: (request: LoginRequest) => Promise<T>,
  deps: WayDeps,
): Promise<T> {
  const given = new AbortController();
  const signal = AbortSignal.any([deps.signal, given.signal]);
  const connection = dialAndLogIn(way, { login, signal }, deps);
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

interface Login<T> {
  readonly login: (request: LoginRequest) => Promise<T>;
  readonly signal: AbortSignal;
}

async function dialAndLogIn<T>(way: Way, { login, signal }: Login<T>, deps: WayDeps): Promise<T> {
  const { session } = way;
  const stream = await way.tunnel.dial(signal);
  try {
    return await login({
      session: session.name,
      node: session.node,
      user: deps.settings.user,
      stream,
      privateKey: way.ask().key,
      verifyHostKey: (hostKey) => deps.knownHosts.verify(hostKeyAlias(session), hostKey, session),
      signal,
    });
  } catch (error) {
    stream.destroy();
    throw await explainRefusal({ session, key: way.ask().key, error }, deps);
  }
}
