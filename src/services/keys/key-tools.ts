/** What the services for key files share: what they need of the outside, and asking for passphrases. */

import type { LaunchCommand } from '../../core/desktop/open-target.ts';
import { BaiError, ConflictError, UsageError } from '../../errors.ts';
import type { StagedFile } from '../../files/whole-file.ts';
import type { KeyFile, KeyFormat, WriteOptions } from '../../keys/key-formats.ts';
import type { KeyPair } from '../../keys/key-pair.ts';
import type { PublicKey, PublicKeyFacts } from '../../keys/public-key.ts';
import type { KeyBytes } from '../../keys/read-key.ts';

export interface KeyFormats {
  /** Nothing when the bytes do not look like a key. */
  inspect(bytes: Uint8Array, origin: string): KeyFile | undefined;
  /** As `inspect`, where it must be one. */
  require(bytes: Uint8Array, origin: string): KeyFile;
  open(bytes: Uint8Array, origin: string, passphrase: Uint8Array | undefined): Promise<KeyPair>;
  /** Throws a UsageError when the format has no place for this type of key. */
  requireForm(format: KeyFormat, publicBlob: Buffer): void;
  write(pair: KeyPair, options: WriteOptions): Promise<Buffer>;
  describe(blob: Buffer): PublicKeyFacts;
  /** As in `.pub` files. */
  line(key: PublicKey): string;
}

export interface KeyDisk {
  read(path: string): Promise<KeyBytes>;
  isTaken(path: string): Promise<boolean>;
  /** Nothing is there, or a regular file. */
  isReplaceable(path: string): Promise<boolean>;
  stage(path: string, content: Uint8Array | string, mode?: number): Promise<StagedFile>;
  remove(path: string): Promise<void>;
  /** Repairs the ssh folder when others may write to it; the mode it had. */
  tightenFolder(path: string): Promise<string | undefined>;
}

/** For services that only look at a key's public half. */
export interface KeyReading {
  /** Nothing when nothing is there. */
  readFile(path: string): Promise<Uint8Array | undefined>;
  /** Without a passphrase, where the form has it in the clear; nothing when the bytes are no key. */
  publicHalf(bytes: Uint8Array): Uint8Array | undefined;
  /** `SHA256:…` */
  fingerprint(blob: Uint8Array): string;
  keyType(blob: Uint8Array): string;
}

export interface Passphrases {
  readonly isTerminal: boolean;
  /** Typed unseen. */
  ask(prompt: string): Promise<Buffer>;
  /** The next line of stdin; nothing at its end. */
  nextLine(): Promise<Buffer | undefined>;
}

export interface KeyTools {
  readonly formats: KeyFormats;
  readonly disk: KeyDisk;
  readonly own: OwnKeys;
  readonly passphrases: Passphrases;
  readonly clipboard: Clipboard;
  makePair(
    type: { readonly type: NewKeyType; readonly bits: number | undefined },
    comment: string,
  ): Promise<KeyPair>;
  readonly warn: (message: string) => void;
  readonly signal: AbortSignal;
}

export type NewKeyType = 'ed25519' | 'rsa' | 'ecdsa';

/** Where the user's own keys are. */
interface OwnKeys {
  readonly folder: string;
  /** The paths of the default keys, the first that is there is taken. */
  readonly defaults: readonly string[];
  /** `user@host`, as ssh-keygen has it. */
  readonly comment: string;
  /** The key of the setting `identity`, when there is one. */
  readonly identity: string | undefined;
  paths(): Promise<readonly string[]>;
  /** Nothing when there is no agent. */
  ofAgent(signal: AbortSignal): Promise<readonly PublicKey[] | undefined>;
  /** The key that new sessions of the account accept; not there when no server is configured. */
  readonly ofAccount: ((signal: AbortSignal) => Promise<Uint8Array | undefined>) | undefined;
}

export interface Clipboard {
  readonly programs: readonly LaunchCommand[];
  /** False when it is not there or fails. */
  feed(command: LaunchCommand, text: string): Promise<boolean>;
  /** Hands the text to the terminal of somebody who sits at another machine; nothing where there is none. */
  readonly tellTerminal: ((text: string) => void) | undefined;
}

/** Where a passphrase comes from: the terminal when nothing is said. */
export type PassphraseSource = 'terminal' | 'stdin' | 'none';

/** Nothing means none. Asked twice on a terminal, where an empty one is none. */
export async function newPassphrase(source: PassphraseSource, tools: KeyTools): Promise<Buffer | undefined> {
  const { passphrases } = tools;
  if (source === 'none') return undefined;
  if (!passphrases.isTerminal) return pipedPassphrase(source, passphrases, 'the new key');
  for (let tries = 0; tries < 3; tries += 1) {
    const first = await passphrases.ask('New passphrase (empty for none): ');
    tools.signal.throwIfAborted();
    const second = await passphrases.ask('Same passphrase again: ');
    tools.signal.throwIfAborted();
    if (first.equals(second)) return first.length === 0 ? undefined : first;
    tools.warn('the passphrases do not match');
  }
  throw new UsageError('the passphrases did not match', { hint: 'nothing was written; try again' });
}

export async function oldPassphrase(
  path: string,
  source: PassphraseSource,
  tools: KeyTools,
): Promise<Buffer> {
  const { passphrases } = tools;
  if (!passphrases.isTerminal) return pipedPassphrase(source, passphrases, path);
  const typed = await passphrases.ask(`Passphrase of ${path}: `);
  tools.signal.throwIfAborted();
  return typed;
}

async function pipedPassphrase(
  source: PassphraseSource,
  passphrases: Passphrases,
  what: string,
): Promise<Buffer> {
  if (source !== 'stdin') {
    throw new UsageError(`the passphrase of ${what} cannot be asked for: stdin is not a terminal`, {
      code: 'passphrase-needed',
      hint:
        what === 'the new key'
          ? 'pipe it with --passphrase-stdin, or say --no-passphrase'
          : 'pipe it with --passphrase-stdin',
    });
  }
  const line = await passphrases.nextLine();
  if (line !== undefined && line.length > 0) return line;
  throw new UsageError(`there is no passphrase for ${what} on stdin`, {
    code: 'passphrase-needed',
    hint: 'each passphrase is one line; --no-passphrase makes a key without one',
  });
}

/** Before anybody types a passphrase; what appears afterwards is not replaced either. */
export async function refuseTaken(
  paths: readonly string[],
  force: boolean,
  { disk }: KeyTools,
): Promise<void> {
  for (const path of paths) {
    if (!(await disk.isReplaceable(path))) throw noFile(path);
    if (!force && (await disk.isTaken(path))) throw taken(path);
  }
}

/** A device such as /dev/null would be gone for everybody, and a link leads to somebody's file: --force does not help. */
function noFile(path: string): ConflictError {
  return new ConflictError(`${path} is a folder, a link, a pipe or a device, and no key can have its place`, {
    code: 'key-conflict',
    hint: 'choose another name with --output',
    details: { path },
  });
}

export function taken(path: string): ConflictError {
  return new ConflictError(`${path} already exists`, {
    code: 'key-conflict',
    hint: 'choose another name with --output, or pass --force to replace it',
    details: { path },
  });
}

export async function repairFolder(path: string, { disk, warn }: KeyTools): Promise<void> {
  const mode = await disk.tightenFolder(path);
  if (mode !== undefined) warn(`others could write to the folder of ${path} (mode ${mode}); it is 0700 now`);
}

/** The `.pub` beside a private key. ssh goes by it too where the key itself tells nothing without its passphrase. */
export async function publicBeside(
  path: string,
  { disk, formats }: { readonly disk: Pick<KeyDisk, 'read' | 'isTaken'>; readonly formats: KeyFormats },
): Promise<PublicKey | undefined> {
  const beside = `${path}.pub`;
  if (!(await disk.isTaken(beside))) return undefined;
  try {
    const file = formats.inspect((await disk.read(beside)).bytes, beside);
    return file?.kind === 'public' ? file.key : undefined;
  } catch (error) {
    // A damaged one says nothing about the private half.
    if (error instanceof BaiError) return undefined;
    throw error;
  }
}
