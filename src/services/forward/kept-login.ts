/** A login that may expire while something is kept open: what it refuses is tried again with the one that was made since. */

import type { Provider } from '../../core/session/provider.ts';
import { DeniedError, mayPass } from '../../errors.ts';
import type { ForwardTools, ForwardVoice } from './forward-tools.ts';

/** No program that keeps secrets is asked more often. */
const againMs = 3_000;
/** How often is looked for a new login while there is none that counts. */
const lookMs = 5_000;
/** Refusals that another login changes nothing about. */
const ofSession: ReadonlySet<string> = new Set(['key-refused', 'address-not-allowed', 'forbidden']);

export class KeptLogin implements Disposable {
  #tools: ForwardTools;
  readonly #voice: ForwardVoice;
  readonly #timer: NodeJS.Timeout;
  #renewing: Promise<boolean> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #problem: { readonly state: 'signed-out' | 'unreachable'; readonly reason: string } | undefined;

  constructor(tools: ForwardTools, voice: ForwardVoice) {
    this.#tools = tools;
    this.#voice = voice;
    this.#timer = setInterval(() => {
      if (this.#problem?.state === 'signed-out') void this.#renew().catch(() => {});
    }, lookMs);
    this.#timer.unref();
  }

  get tools(): ForwardTools {
    return this.#tools;
  }

  get problem(): { readonly state: 'signed-out' | 'unreachable'; readonly reason: string } | undefined {
    return this.#problem;
  }

  /** For what asks the platform again and again by itself: every question goes by the login that counts. */
  provider(): Provider {
    const asked: Provider = {
      ...this.#tools.provider,
      describe: (id, signal) => this.attempt(({ provider }) => provider.describe(id, signal)),
    };
    const { events } = this.#tools.provider;
    if (events === undefined) return asked;
    const again: typeof events = (session, signal) =>
      (this.#tools.provider.events ?? events)(session, signal);
    return { ...asked, events: again };
  }

  /** Rejects as the work does. */
  async attempt<T>(work: (tools: ForwardTools) => Promise<T>): Promise<T> {
    try {
      return this.#wentWell(await work(this.#tools));
    } catch (error) {
      if (!isLogin(error)) throw this.#failed(error);
      if (!(await this.#renew())) throw this.#failed(error);
      try {
        return this.#wentWell(await work(this.#tools));
      } catch (again) {
        throw this.#failed(again);
      }
    }
  }

  #wentWell<T>(answer: T): T {
    if (this.#problem !== undefined)
      this.#voice.news(this.#problem.state === 'signed-out' ? 'signed in again' : 'reachable again');
    this.#problem = undefined;
    return answer;
  }

  #failed(error: unknown): unknown {
    const state = isLogin(error) ? 'signed-out' : mayPass(error) ? 'unreachable' : undefined;
    if (state === undefined || !(error instanceof Error)) return error;
    if (state === 'signed-out' && this.#problem?.state !== state)
      this.#voice.trouble(
        `the login does not count any more: ${error.message}; it goes on after \`bai login\``,
      );
    this.#problem = { state, reason: error.message };
    return error;
  }

  /** Whether there is another login by now. */
  #renew(): Promise<boolean> {
    if (this.#renewing === undefined && performance.now() - this.#askedAt < againMs)
      return Promise.resolve(false);
    this.#renewing ??= this.#look().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #look(): Promise<boolean> {
    this.#askedAt = performance.now();
    const renewed = await this.#tools.renewed();
    if (renewed === undefined) return false;
    this.#tools = { ...renewed, reporter: this.#tools.reporter };
    if (this.#problem?.state === 'signed-out') {
      this.#problem = undefined;
      this.#voice.news('a new login was found; going on with it');
    }
    return true;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

function isLogin(error: unknown): boolean {
  return error instanceof DeniedError && !ofSession.has(error.code);
}
