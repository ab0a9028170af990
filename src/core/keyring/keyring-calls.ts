/** What is asked of the system's own programs that keep secrets. The secret goes in by stdin and comes by stdout alone. */

/** One secret in the keyring. */
export interface KeyringItem {
  /** Names it, and no other: digits and letters. */
  readonly id: string;
  /** For people who look into their keyring. */
  readonly profile: string;
  readonly setting: string;
}

export interface KeyringCall {
  /** A whole path, or a name to look for on PATH. */
  readonly program: string;
  /** Never a secret: others on this machine can read them. */
  readonly args: readonly string[];
  readonly input: string;
}

interface KeyringAnswer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What became of a call; `refused` with the program's words. */
export type KeyringOutcome =
  | { readonly kind: 'done'; readonly secret?: string }
  | { readonly kind: 'missing' | 'locked' }
  | { readonly kind: 'refused'; readonly words: string };

export interface KeyringPrograms {
  /** As its users know it, e.g. `the keychain`. */
  readonly title: string;
  /** In bytes; more is not taken. */
  readonly mostBytes: number;
  /** Whether it may ask for a password in a window, so that one waits for a person. */
  readonly mayAsk: boolean;
  /** Why there can be no keyring, where the surroundings say so. */
  readonly away: string | undefined;
  store(item: KeyringItem, secret: string): KeyringCall;
  read(id: string): KeyringCall;
  remove(id: string): KeyringCall;
  /** Tells one that is locked from one that is missing, where the others do not. */
  find?(id: string): KeyringCall;
  outcomeOf(this: void, answer: KeyringAnswer): KeyringOutcome;
}

export interface KeyringFacts {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly isThere: (path: string) => boolean;
}

/** What keyrings have all secrets of bai under. */
export const serviceName = 'bai';

export function labelOf({ profile, setting }: KeyringItem): string {
  return `bai: ${setting} of profile ${profile}`;
}
