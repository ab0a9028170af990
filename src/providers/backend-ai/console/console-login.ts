/** The login that calls through a web console go by: kept alive, and made anew where somebody can give the password. */

import { atMost, limitTime } from '../../../core/time-limit.ts';
import { BaiError } from '../../../errors.ts';
import { type ConsoleCalls, loginHeader } from './console-calls.ts';
import { leaveForGood } from './leave-for-good.ts';

/** From when to when a login counts, in milliseconds of the clock. */
interface LoginTime {
  readonly sinceMs: number;
  readonly untilMs: number;
}

interface NewLogin {
  readonly id: string;
  /** Nothing where the console does not say. */
  readonly time: LoginTime | undefined;
}

interface ConsoleLoginOptions {
  readonly id: string;
  /** Nothing where it is not known: then the login is not prolonged. */
  readonly time: LoginTime | undefined;
  readonly calls: Pick<ConsoleCalls, 'check' | 'extend' | 'logout'>;
  readonly now: () => Date;
  /** Signs in again in place of the login that was refused; nothing where nobody can give the password. */
  renew(this: void, refused: string, signal: AbortSignal): Promise<NewLogin | undefined>;
  /** Remembers that the login goes on. */
  prolonged(this: void, id: string, time: LoginTime): Promise<void>;
  /** Whether this login is still the one to use: another bai may have signed out meanwhile. */
  isWanted(this: void, id: string): Promise<boolean>;
}

/** How many milliseconds the questions at the end of a process may take. */
const farewellMs = 5_000;
/** How many milliseconds a process that is through waits for its login to be prolonged. */
const prolongMs = 1_000;
export class ConsoleLogin implements AsyncDisposable {
  readonly #options: ConsoleLoginOptions;
  #id: string;
  #time: LoginTime | undefined;
  #renewing: Promise<boolean> | undefined;
  #prolonging: Promise<void> | undefined;
  readonly #end = new AbortController();
  #hadTunnel = false;

  constructor(options: ConsoleLoginOptions) {
    this.#options = options;
    this.#id = options.id;
    this.#time = options.time;
  }

  get id(): string {
    return this.#id;
  }

  /** Of a call. Calls do not prolong a login, so one that is half over is prolonged beside them. */
  headers(): Readonly<Record<string, string>> {
    this.#prolong();
    return { [loginHeader]: this.#id };
  }

  /** As `headers`, for a WebSocket. */
  tunnelHeaders(): Readonly<Record<string, string>> {
    this.#hadTunnel = true;
    return this.headers();
  }

  /** After a call with the login `refused` was answered with 401: whether there is another one by now. */
  async renew(refused: string, signal: AbortSignal): Promise<boolean> {
    if (refused !== this.#id) return true;
    // Calls that are refused together are one question.
    this.#renewing ??= this.#signIn(signal).finally(() => {
      this.#renewing = undefined;
    });
    return await this.#renewing;
  }

  /**
   * The web server writes its own copy of a login back when a tunnel ends: who signed out meanwhile would be signed in again. So a
   * process that had tunnels looks whether its login is still the one to use, and signs out once more if it is not.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#prolonging !== undefined) await atMost(prolongMs, this.#prolonging);
    this.#end.abort();
    await this.#prolonging;
    if (!this.#hadTunnel || (await this.#options.isWanted(this.#id))) return;
    using limit = limitTime(new AbortController().signal, farewellMs);
    try {
      const { calls } = this.#options;
      await calls.logout(this.#id, limit.signal);
      await leaveForGood(this.#id, calls, limit.signal);
    } catch (error) {
      // The process ends whatever the server says.
      if (!(error instanceof BaiError)) throw error;
    }
  }

  async #signIn(signal: AbortSignal): Promise<boolean> {
    const made = await this.#options.renew(this.#id, signal);
    if (made === undefined) return false;
    this.#id = made.id;
    this.#time = made.time;
    return true;
  }

  #prolong(): void {
    const time = this.#time;
    if (time === undefined || this.#prolonging !== undefined || this.#end.signal.aborted) return;
    const nowMs = this.#options.now().getTime();
    const isHalfOver = nowMs - time.sinceMs > (time.untilMs - time.sinceMs) / 2;
    if (!isHalfOver || nowMs >= time.untilMs) return;
    this.#prolonging = this.#extend(nowMs).finally(() => {
      this.#prolonging = undefined;
    });
  }

  /** Nothing depends on it: a login that ends is asked for again. */
  async #extend(sinceMs: number): Promise<void> {
    const { calls, prolonged } = this.#options;
    try {
      const endsAt = await calls.extend(this.#id, this.#end.signal);
      const untilMs = endsAt?.getTime() ?? 0;
      // A server whose clock is wrong says times that cannot be.
      this.#time = untilMs > sinceMs ? { sinceMs, untilMs } : undefined;
      if (this.#time !== undefined) await prolonged(this.#id, this.#time);
    } catch (error) {
      if (!this.#end.signal.aborted && !(error instanceof BaiError)) throw error;
      this.#time = undefined;
    }
  }
}
