/**
 * The web server in front of the manager, with which people sign in by e-mail and password: it hands out logins and calls the manager
 * in their names, and has the traps of the genuine one.
 */

import type { Account, SignIn } from '../model/accounts.ts';
import type { FaultBook } from '../model/faults.ts';
import type { ReleaseBehaviour } from '../model/release.ts';
import { type Answer, ok } from '../server/answer.ts';
import {
  type Arrival,
  HttpServer,
  type RequestRecord,
  stackOf,
  type UpgradeOutcome,
} from '../server/http-server.ts';
import { loginOf } from './caller.ts';
import { Clock } from './clock.ts';
import type { Desk } from './desk.ts';
import { FailedLogins } from './failed-logins.ts';
import { loginRoutes } from './login-routes.ts';
import { Logins } from './logins.ts';
import { configText, page, textAnswer } from './page.ts';
import { RateLimit, usualLimits } from './rate-limit.ts';
import { notLoggedIn, refusal, tooManyCalls } from './refusals.ts';
import { answersHandshake, relayCall } from './relay.ts';
import { TunnelRelay } from './tunnel-relay.ts';

export interface ConsoleOptions {
  /** 0, the default, is any free port; it always listens on 127.0.0.1. */
  readonly port?: number;
  /** How long a login lasts; seven days by default. */
  readonly loginLifeMs?: number;
  /** Wrong passwords before an e-mail is blocked, and for how long; 10 and 20 minutes by default. */
  readonly allowedFailures?: number;
  readonly blockMs?: number;
  /** Marks the cookie for https alone, as a genuine one does by default. */
  readonly secureCookie?: boolean;
  /** Calls of an account in 15 minutes; 30,000 by default. */
  readonly rateLimit?: number;
}

export interface EmulatedConsole {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** Every request so far, in the order they were answered. */
  readonly requests: readonly RequestRecord[];
  /** `METHOD /path` of every request that is neither for a page, nor for the manager, nor known; they are answered 405. */
  readonly unknownRoutes: readonly string[];
  /** Tunnels whose clients have not hung up. */
  readonly openTunnels: number;
  /** Replaces how somebody signs in; nothing takes the password away. */
  setSignIn(email: string, signIn: SignIn | undefined): void;
  /** Lets time pass for logins, blocks and limits, without waiting for it. Codes are of the real time. */
  passTime(ms: number): void;
  /** Ids of those who are logged in with this e-mail, oldest first. */
  logins(email: string): readonly string[];
  /** Ends them on this side alone, as an administrator may. */
  endLogins(email: string): void;
}

interface ConsoleDeps {
  readonly behaviour: ReleaseBehaviour;
  readonly accounts: readonly Account[];
  /** The same as the manager's: routes below `/func` and `/server` are the console's own. */
  readonly faults: FaultBook;
  /** `http://HOST:PORT` */
  readonly manager: string;
}

const week = 7 * 24 * 3_600_000;

export class WebConsole implements AsyncDisposable {
  readonly #deps: ConsoleDeps;
  readonly #desk: Desk;
  readonly #clock = new Clock();
  readonly #server: HttpServer;
  readonly #tunnels = new TunnelRelay();
  readonly #limits = new Map<Account | undefined, RateLimit>();
  readonly #rateLimit: number;
  readonly #unknownRoutes: string[] = [];

  constructor(deps: ConsoleDeps, options: ConsoleOptions) {
    this.#deps = deps;
    const { loginLifeMs = week, allowedFailures = 10, blockMs = 1_200_000 } = options;
    this.#rateLimit = options.rateLimit ?? usualLimits.account;
    this.#desk = {
      behaviour: deps.behaviour,
      accounts: deps.accounts,
      clock: this.#clock,
      logins: new Logins(loginLifeMs, this.#clock),
      failed: new FailedLogins({ allowed: allowedFailures, blockMs }, this.#clock),
      secureCookie: options.secureCookie ?? false,
      isManagerThere: () => answersHandshake(deps.manager),
    };
    this.#server = new HttpServer({
      faults: deps.faults,
      answer: (arrival, signal) => this.#answer(arrival, signal),
      headers: () => ({}),
      upgrade: (arrival) => this.#upgrade(arrival),
    });
  }

  listen(port: number): Promise<void> {
    return this.#server.listen(port);
  }

  stopListening(): void {
    this.#server.stopListening();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tunnels[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
  }

  /** What tests see of it. */
  get shown(): EmulatedConsole {
    const { accounts, logins } = this.#desk;
    const tunnels = this.#tunnels;
    const known = (email: string) => {
      const found = accounts.find((each) => each.email === email);
      if (found === undefined) throw new Error(`the emulator has no account ${email}`);
      return found;
    };
    return {
      endpoint: `http://127.0.0.1:${this.#server.port}`,
      requests: this.#server.requests,
      unknownRoutes: this.#unknownRoutes,
      get openTunnels() {
        return tunnels.open;
      },
      setSignIn: (email, signIn) => {
        known(email).signIn = signIn;
      },
      passTime: (ms) => this.#clock.pass(ms),
      logins: (email) => logins.of(known(email)).map(({ id }) => id),
      endLogins: (email) => {
        for (const login of logins.of(known(email))) logins.close(login);
      },
    };
  }

  async #answer(arrival: Arrival, signal: AbortSignal): Promise<Answer> {
    try {
      return await this.#route(arrival, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      return refusal(500, 'internal-server-error', { title: `emulator bug: ${stackOf(error)}` });
    }
  }

  #route(arrival: Arrival, signal: AbortSignal): Answer | Promise<Answer> {
    const { method, path, request } = arrival;
    if (path === '/func/ping') return ok({ version: this.#desk.behaviour.release, details: 'Success' });
    if (path.startsWith('/func/')) return this.#call(arrival, signal);
    if (path === '/config.toml') return configText(request.headers.host ?? '');
    if (method === 'GET' || method === 'HEAD') return page();
    const handle = method === 'POST' ? loginRoutes[path] : undefined;
    if (handle !== undefined) return handle(this.#desk, arrival);
    this.#unknownRoutes.push(`${method} ${path}`);
    return textAnswer(405, '405: Method Not Allowed');
  }

  async #call(arrival: Arrival, signal: AbortSignal): Promise<Answer> {
    const isHandshake = arrival.path === '/func/';
    const account = isHandshake ? undefined : loginOf(arrival.request, this.#desk.logins)?.account;
    if (account === undefined && !isHandshake) return notLoggedIn();
    const { isOver, headers } = this.#limitOf(account).take();
    if (isOver) return { ...tooManyCalls(this.#deps.behaviour), headers };
    const { manager, behaviour } = this.#deps;
    const relaying = { manager, account, behaviour, signal };
    const answer = await relayCall(arrival, relaying);
    const own = Object.entries(headers).filter(([name]) => answer.headers?.[name] !== undefined);
    return { ...answer, headers: { ...answer.headers, ...Object.fromEntries(own) } };
  }

  #limitOf(account: Account | undefined): RateLimit {
    const calls = account === undefined ? usualLimits.anonymous : this.#rateLimit;
    const limit = this.#limits.get(account) ?? new RateLimit(calls, this.#clock);
    this.#limits.set(account, limit);
    return limit;
  }

  async #upgrade(arrival: Arrival): Promise<UpgradeOutcome> {
    const { logins } = this.#desk;
    const login = loginOf(arrival.request, logins);
    const account = login?.account;
    if (login === undefined || account === undefined) return notLoggedIn();
    const app = arrival.query.get('app') ?? '';
    const ended = () => {
      if (!login.apps.includes(app)) logins.writeBack(login, app);
    };
    const { manager, behaviour } = this.#deps;
    return this.#tunnels.prepare(arrival, { manager, account, behaviour, ended });
  }
}

/** Resolves once it listens. */
export async function startConsole(deps: ConsoleDeps, options: ConsoleOptions): Promise<WebConsole> {
  const webConsole = new WebConsole(deps, options);
  await webConsole.listen(options.port ?? 0);
  return webConsole;
}
