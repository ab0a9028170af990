/** The ways in that one connection tries: a single private key, or several keys of the user's own. */

import type { AuthHandlerMiddleware, NextAuthHandler, ParsedKey } from 'ssh2';
import { typed } from '../core/text/typed.ts';
import { DeniedError } from '../errors.ts';
import type { AgentLogin } from './agent-keys.ts';

/** One private key, as text or opened with its passphrase; or several ways in. */
export type LoginKey = Uint8Array | UnlockedKey | KeyRing;

export interface UnlockedKey {
  readonly unlocked: ParsedKey;
  readonly fingerprint: string;
}

/** Keys of the user's own, of which any may fit: first the agent's, then the files. */
export interface KeyRing {
  readonly agent: AgentLogin | undefined;
  readonly files: readonly OwnKey[];
  /** Files that only ssh itself can open. */
  readonly locked: readonly LockedKey[];
  /** ssh has offered them. */
  readonly lockedWereTried?: true;
}

export interface LockedKey {
  readonly path: string;
  /** Nothing where the file hides its public half, too. */
  readonly fingerprint: string | undefined;
}

export interface OwnKey {
  readonly path: string;
  readonly key: Uint8Array;
  readonly fingerprint: string;
}

interface LoginOptions {
  /** For messages: what is logged in to. */
  readonly place: string;
  readonly session: string;
  /** The container, where it is not main1. */
  readonly node?: string | undefined;
  readonly user: string;
  readonly privateKey: Promise<LoginKey>;
}

/** What is refused with the first signature may be taken once the server has told which kinds it checks. */
const mostLogins = 2;

export class Login {
  readonly #options: LoginOptions;
  readonly #accepted: Promise<void>;
  #accept: () => void = () => {};
  #logins = 0;
  #isTryingMany = false;
  #isOnly = false;
  #agent: AgentLogin | undefined;

  constructor(options: LoginOptions) {
    this.#options = options;
    this.#accepted = new Promise((resolve) => {
      this.#accept = resolve;
    });
  }

  handler(refuse: (error: unknown) => void): AuthHandlerMiddleware {
    return (_left, _partly, next) => {
      this.#next(next).catch((error: unknown) => {
        refuse(error);
        giveUp(next);
      });
    };
  }

  /** The server has told which signatures it checks. */
  accept(): void {
    this.#accept();
  }

  done(): void {
    this.#isTryingMany = false;
  }

  refused(cause: Error, details: { readonly hungUp?: true } = {}): DeniedError {
    const { place, session, node, user } = this.#options;
    const message = this.#isTryingMany
      ? `${place} refused every key of account ${user}`
      : `${place} refused the key of account ${user}`;
    const hint = `where the account has no SSH keypair each container makes a key of its own, and main1's opens main1 only: continue from there with \`${typed(['bai', 'ssh', session, '--', 'ssh', node ?? 'main1'])}\``;
    const advice = node === undefined ? {} : { hint };
    return new DeniedError(message, { code: 'key-refused', ...advice, cause, details });
  }

  /** Whether the key that is tried now is the first and the only one. */
  get isOnly(): boolean {
    return this.#isOnly && this.#logins === 1;
  }

  /** Whether the agent was asked for a signature and has not answered. */
  get waitsForAgent(): boolean {
    return this.#agent?.isSigning() === true;
  }

  /** Servers may hang up after so many keys without a word: OpenSSH after six, dropbear not at all. */
  hungUp(cause?: Error): DeniedError | undefined {
    if (!this.#isTryingMany) return undefined;
    return this.refused(cause ?? new Error('the server hung up while keys were tried'), { hungUp: true });
  }

  async #next(next: NextAuthHandler): Promise<void> {
    const key = await this.#options.privateKey;
    const { user: username } = this.#options;
    this.#logins += 1;
    if (key instanceof Uint8Array || 'unlocked' in key) {
      if (this.#logins > mostLogins) return giveUp(next);
      const one = key instanceof Uint8Array ? Buffer.from(key) : key.unlocked;
      this.#isOnly = true;
      return next({ type: 'publickey', username, key: one });
    }
    const { agent, files } = key;
    this.#isOnly = agent === undefined && files.length === 1;
    // What an agent signs for an old RSA key depends on what the server has told.
    if (!this.isOnly) await this.#accepted;
    this.#isTryingMany = true;
    this.#agent = agent;
    const at = this.#logins - 1 - (agent === undefined ? 0 : 1);
    const file = files[at];
    if (at < 0 && agent !== undefined) return next({ type: 'agent', username, agent: agent.agent });
    if (file === undefined) return giveUp(next);
    next({ type: 'publickey', username, key: Buffer.from(file.key) });
  }
}

/** ssh2 takes `false` for the end of all ways in; its declared type does not know it. */
function giveUp(next: NextAuthHandler): void {
  Reflect.apply(next, undefined, [false]);
}
