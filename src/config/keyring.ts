/** Asks the system's keyring, by its own programs: see `core/keyring`. */

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type {
  KeyringCall,
  KeyringItem,
  KeyringOutcome,
  KeyringPrograms,
} from '../core/keyring/keyring-calls.ts';
import { keyringPrograms } from '../core/keyring/keyring-programs.ts';
import { sanitizeLine } from '../core/text/sanitize.ts';
import { BaiError, LocalSystemError } from '../errors.ts';
import { runQuietly } from './run-quietly.ts';

/** Each fails with a LocalSystemError whose code begins with `keyring-`, and that names the keyring and never a secret. */
export interface Keyring {
  /** As its users know it. */
  readonly title: string;
  /** Under a new id, which it resolves with. It was read back. */
  store(item: Omit<KeyringItem, 'id'>, secret: string): Promise<string>;
  /** Nothing where there is no such item any more. */
  read(id: string): Promise<string | undefined>;
  /** What is gone is gone. */
  remove(id: string): Promise<void>;
}

interface KeyringParts {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly signal: AbortSignal;
  /** The whole path of a program on PATH. */
  readonly findProgram: (name: string) => string | undefined;
  /** Told of a call that lasts. */
  readonly wait: (text: string, limitMs: number) => Disposable;
  /** In place of the usual limit for each call. */
  readonly limitMs?: number;
}

/** A keyring that answers by itself does so in a twentieth of this. */
const promptMs = 5_000;
/** For a person who looks for a password. */
const askingMs = 120_000;

export function openKeyring(parts: KeyringParts): Keyring {
  return new SystemKeyring(keyringPrograms({ ...parts, isThere: existsSync }), parts);
}

/** Whether somebody can do without the keyring that failed so. */
export function isKeyringFailure(error: unknown): error is BaiError {
  return error instanceof BaiError && error.code.startsWith('keyring-');
}

class SystemKeyring implements Keyring {
  readonly #programs: KeyringPrograms;
  readonly #parts: KeyringParts;

  constructor(programs: KeyringPrograms, parts: KeyringParts) {
    this.#programs = programs;
    this.#parts = parts;
  }

  get title(): string {
    return this.#programs.title;
  }

  async store(item: Omit<KeyringItem, 'id'>, secret: string): Promise<string> {
    const { title, mostBytes } = this.#programs;
    if (Buffer.byteLength(secret) > mostBytes)
      throw failed(`${title} takes no secret of more than ${mostBytes} bytes`);
    const id = randomBytes(8).toString('hex');
    const outcome = await this.#ask(this.#programs.store({ ...item, id }, secret));
    if (outcome.kind !== 'done') throw this.#failure(outcome, `did not take ${item.setting}`);
    if ((await this.read(id)) === secret) return id;
    await this.remove(id);
    throw failed(`${title} did not give back what it was given`);
  }

  async read(id: string): Promise<string | undefined> {
    const outcome = await this.#settled(id, await this.#ask(this.#programs.read(id)));
    if (outcome.kind === 'missing') return undefined;
    if (outcome.kind === 'done' && outcome.secret) return outcome.secret;
    throw this.#failure(outcome, 'gave no secret');
  }

  async remove(id: string): Promise<void> {
    const outcome = await this.#settled(id, await this.#ask(this.#programs.remove(id)));
    if (outcome.kind === 'locked' || outcome.kind === 'refused')
      throw this.#failure(outcome, 'did not remove a secret');
  }

  /** What is missing, unless it is there and locked. */
  async #settled(id: string, outcome: KeyringOutcome): Promise<KeyringOutcome> {
    const search = this.#programs.find?.(id);
    if (outcome.kind !== 'missing' || search === undefined) return outcome;
    const found = await this.#ask(search);
    if (found.kind !== 'done') return found;
    return found.secret === '' ? outcome : { kind: 'locked' };
  }

  async #ask(call: KeyringCall): Promise<KeyringOutcome> {
    const { signal, environment, findProgram, wait } = this.#parts;
    const { title, away, mayAsk } = this.#programs;
    const program = isAbsolute(call.program) ? call.program : findProgram(call.program);
    if (away !== undefined) throw awayFailure(title, away);
    if (program === undefined)
      throw awayFailure(title, `the program "${call.program}" is not on this machine`);
    const ms = this.#parts.limitMs ?? (mayAsk ? askingMs : promptMs);
    using _waiting = wait(`waiting for ${title}${mayAsk ? ', which may ask you in a window' : ''}`, ms);
    const late = (): Error => failed(`${title} did not answer within ${ms / 1000} seconds`, 'keyring-silent');
    const answer = await runQuietly(program, call, { environment, signal, ms, late });
    if (answer === undefined) throw awayFailure(title, `the program ${program} could not be started`);
    return this.#programs.outcomeOf(answer);
  }

  #failure(outcome: KeyringOutcome, what: string): LocalSystemError {
    const { title } = this.#programs;
    if (outcome.kind === 'locked')
      return failed(`${title} is locked, and nobody unlocked it`, 'keyring-locked');
    const words = outcome.kind === 'refused' ? sanitizeLine(outcome.words.replaceAll(/\s+/g, ' ')) : '';
    return failed(`${title} ${what}${words === '' ? '' : `: ${words.slice(0, 300)}`}`);
  }
}

const otherPlace =
  "unlock or start it; or keep secrets in the profile's file: `bai config set secretStore file`, and set them again";

function awayFailure(title: string, why: string): LocalSystemError {
  return failed(`${title} does not answer: ${why}`, 'keyring-away');
}

function failed(
  message: string,
  code: 'keyring-failed' | 'keyring-away' | 'keyring-locked' | 'keyring-silent' = 'keyring-failed',
): LocalSystemError {
  return new LocalSystemError(message, { code, hint: otherPlace });
}
