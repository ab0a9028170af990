/** Who is logged in: ids that are handed out, whose they are, and when they end. */

import { randomBytes } from 'node:crypto';
import type { Account } from '../model/accounts.ts';
import type { Clock } from './clock.ts';

/** An id is handed out with refused logins too: without an account it opens nothing. */
export interface Login {
  readonly id: string;
  readonly account: Account | undefined;
  readonly since: number;
  readonly expiresAt: number;
  /** Apps that had a tunnel with this login. */
  readonly apps: readonly string[];
}

export class Logins {
  /** How long one lasts from the time it is made or extended. */
  readonly lifeMs: number;
  readonly #clock: Clock;
  readonly #known = new Map<string, Login>();

  constructor(lifeMs: number, clock: Clock) {
    this.lifeMs = lifeMs;
    this.#clock = clock;
  }

  /** What the server remembers of this id; nothing once its time is over. */
  find(id: string | undefined): Login | undefined {
    const login = id === undefined ? undefined : this.#known.get(id);
    return login !== undefined && login.expiresAt > this.#clock.now ? login : undefined;
  }

  /** With the id that the caller had, if it is one. */
  open(account: Account | undefined, id = randomBytes(16).toString('hex')): Login {
    const { now } = this.#clock;
    return this.#keep({ id, account, since: now, expiresAt: now + this.lifeMs, apps: [] });
  }

  extend(login: Login): Login {
    return this.#keep({ ...login, expiresAt: this.#clock.now + this.lifeMs });
  }

  /** Writes an older copy over what is known by now, as the end of a tunnel does. */
  writeBack(copy: Login, app: string): void {
    this.extend({ ...copy, apps: [...copy.apps, app] });
  }

  /** The id stays known and is nobody's. */
  close(login: Login): void {
    this.#keep({ ...login, account: undefined, apps: [] });
  }

  /** Those that live, oldest first. */
  of(account: Account): readonly Login[] {
    return [...this.#known.values()]
      .filter((login) => login.account === account && this.find(login.id) !== undefined)
      .sort((one, other) => one.since - other.since);
  }

  #keep(login: Login): Login {
    this.#known.set(login.id, login);
    return login;
  }
}
