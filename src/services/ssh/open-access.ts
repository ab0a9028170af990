/** The way into a session: what every login through it needs, whichever client makes it. */

import { setImmediate } from 'node:timers/promises';
import type { SshAccess } from '../../core/session/provider.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { sshApp } from '../../core/ssh/forwarder.ts';
import { TooEarlyError } from '../../core/ssh/too-early.ts';
import type { LoginKey } from '../../ssh/login.ts';
import { checkApp } from '../session/check-app.ts';
import { explainRefusal } from './explain-refusal.ts';
import { learnHostKey } from './learn-host-key.ts';
import type { LoginRequest, SshTools } from './ssh-tools.ts';
import { agentRing, issuedOrOwn, ownLogin } from './user-keys.ts';
import { verifyHostKey } from './verify-host-key.ts';

export interface OpenedAccess extends SshAccess {
  readonly session: SessionRef;
  /** Rejects when the session has no SSH server; asked once for all logins. */
  check(): Promise<unknown>;
  /** Pins the first key and refuses any other. */
  verify(hostKey: Uint8Array): Promise<unknown>;
}

/** Nothing is dialled yet. */
export async function openAccess(session: SessionRef, tools: SshTools): Promise<OpenedAccess> {
  const { provider, settings } = tools;
  const access = await tools.access(session);
  let checked: Promise<unknown> | undefined;
  return {
    ...access,
    user: settings.user ?? access.user,
    session,
    check() {
      // The apps of a node would be those of the main one, which are looked at on the way there.
      const isAsked = provider.apps !== undefined && session.node === undefined;
      checked ??= isAsked ? checkApp(session, sshApp, tools) : Promise.resolve();
      return checked;
    },
    verify: (hostKey) => verifyHostKey({ access, session, hostKey }, tools),
  };
}

/** A key in memory for the logins of a run: fetched once, by the first. */
export type KeySource = () => Promise<LoginKey>;

/** What the user can mend alone is said now, before anything is dialled; a passphrase is asked for. */
export async function loginKeyFor(session: SessionRef, tools: SshTools): Promise<KeySource> {
  const { identity, usesAgent } = tools.settings;
  const agentKeys = usesAgent ? await agentRing(tools) : undefined;
  const named = identity === undefined ? agentKeys : await tools.keys.readOwn(identity);
  const isOwn = named === undefined && tools.provider.issuedKey === undefined;
  const own = isOwn ? await ownLogin(tools) : named;
  let key = own && Promise.resolve(own);
  return () => {
    key ??= downloadKey(session, tools);
    return key;
  };
}

async function downloadKey(session: SessionRef, tools: SshTools): Promise<LoginKey> {
  const issued = await issuedOrOwn(session, tools);
  return 'ring' in issued ? issued.ring : Buffer.from(issued.key.text);
}

interface Login<T> {
  readonly access: OpenedAccess;
  readonly key: KeySource;
  /** Makes the SSH connection; it is not called when there is no way to the session's sshd. */
  readonly make: (request: LoginRequest) => Promise<T>;
}

/** Dials, looks for the SSH server and fetches the key at the same time. A key that is refused is explained. */
export async function logIn<T extends AsyncDisposable>(login: Login<T>, tools: SshTools): Promise<T> {
  // What asks goes before what may ask, too.
  await learnBefore(login.access, tools.signal, tools);
  const given = new AbortController();
  const signal = AbortSignal.any([tools.signal, given.signal]);
  const connection = dialAndLogIn(login, signal, tools);
  connection.catch(() => {});
  try {
    // The dial is the longest way: it goes first, over the connection to the manager that stands already.
    await setImmediate();
    for (const outcome of await Promise.allSettled([login.access.check(), login.key()]))
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

/** A question takes longer than a server waits for a login; and another way is gone before this one. */
async function learnBefore(access: OpenedAccess, signal: AbortSignal, tools: SshTools): Promise<void> {
  if (access.hostKeyTrust !== 'first-use' && access.hostKeyFrom === undefined) return;
  await learnHostKey({ access, session: access.session, signal }, tools);
}

export async function dialAndLogIn<T>(
  { access, key, make }: Login<T>,
  signal: AbortSignal,
  tools: SshTools,
): Promise<T> {
  const { session, user } = access;
  await learnBefore(access, signal, tools);
  const attempt = async (isStepwise: boolean): Promise<T> => {
    const stream = await access.dial(signal);
    try {
      return await make({
        ...{ session: session.name, node: session.node, user, stream, signal, isStepwise },
        privateKey: key(),
        verifyHostKey: (hostKey) => access.verify(hostKey),
      });
    } catch (error) {
      stream.destroy();
      throw await explainRefusal({ session, user, key: key(), error }, tools);
    }
  };
  try {
    return await attempt(false);
  } catch (error) {
    // Nothing of it was carried out.
    if (error instanceof TooEarlyError) return await attempt(true);
    throw error;
  }
}
