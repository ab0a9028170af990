/**
 * The dial to a session is begun by what its name led to last time, while the manager is asked what the name means now. Nothing of
 * the user's goes over it: SSH begins when the answer is there, and not when it is another session.
 */

import type { Duplex } from 'node:stream';
import type { SshAccess } from '../../core/session/provider.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { reasonOf } from '../../errors.ts';
import { isLive } from '../session/session-end.ts';
import type { SshTools } from './ssh-tools.ts';

interface HeadStart<T> extends AsyncDisposable {
  /** With these the session is to be looked for and dialled. */
  readonly tools: T;
}

/** Without a question in between only: a server hangs up on who lets it wait. */
export async function headStart<T extends SshTools>(reference: string, tools: T): Promise<HeadStart<T>> {
  const { provider, settings, owner } = tools;
  const { lastTime } = provider;
  const mayAsk = settings.identity !== undefined || settings.usesAgent || provider.issuedKey === undefined;
  if (lastTime === undefined || owner !== undefined) return { tools, async [Symbol.asyncDispose]() {} };
  const last = mayAsk ? undefined : await lastTime.sessionOf(reference);
  const begun = last && new BegunDial(last, tools);
  const started: T = {
    ...tools,
    provider: {
      ...provider,
      async find(wanted, signal) {
        const matches = await provider.find(wanted, signal);
        if (wanted !== reference) return matches;
        const [live, ...others] = matches.filter(({ status }) => isLive(status, provider));
        const isClear = live !== undefined && others.length === 0;
        const found = isClear && provider.phaseOf(live.status) === 'ready' ? live : undefined;
        if (found?.id !== last?.id) begun?.giveUp();
        // Beside what goes on.
        void lastTime.keep(reference, found);
        return matches;
      },
    },
    async access(session, options) {
      const access = await tools.access(session, options);
      const isBegun = begun !== undefined && session.id === last?.id && session.node === undefined;
      return isBegun ? begun.takenBy(access) : access;
    },
  };
  return { tools: started, [Symbol.asyncDispose]: async () => begun?.giveUp() };
}

class BegunDial {
  readonly #stop = new AbortController();
  readonly #stream: Promise<Duplex>;
  #isFree = true;

  constructor(session: SessionRef, tools: SshTools) {
    const signal = AbortSignal.any([tools.signal, this.#stop.signal]);
    this.#stream = tools.access(session).then((access) => access.dial(signal));
    this.#stream.catch(() => {});
  }

  /** The first dial is the one that has been begun. */
  takenBy(access: SshAccess): SshAccess {
    return { ...access, dial: (signal) => this.#take(signal) ?? access.dial(signal) };
  }

  /** Unless it was taken. */
  giveUp(): void {
    if (!this.#isFree) return;
    this.#isFree = false;
    this.#stop.abort();
    this.#stream.then(
      (stream) => stream.destroy(),
      () => {},
    );
  }

  #take(signal: AbortSignal): Promise<Duplex> | undefined {
    if (!this.#isFree) return undefined;
    this.#isFree = false;
    const stop = (): void => this.#stop.abort(reasonOf(signal));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    return this.#stream.finally(() => signal.removeEventListener('abort', stop));
  }
}
