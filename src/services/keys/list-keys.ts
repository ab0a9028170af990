/** `bai key list`: the keys in the ssh folder and in the agent, and what is wrong with each. */

import { limitTime, unlessAborted } from '../../core/time-limit.ts';
import { BaiError, systemCode } from '../../errors.ts';
import type { KeyFile, KeyFormat, PrivateKeyFile } from '../../keys/key-formats.ts';
import type { PublicKeyFacts } from '../../keys/public-key.ts';
import { type KeyProblem, problemsOf } from './key-problems.ts';
import type { KeyTools } from './key-tools.ts';

export interface ListedKey extends Partial<PublicKeyFacts> {
  /** Where it is: `file`, or `agent`. */
  readonly source: 'file' | 'agent';
  readonly kind: 'private' | 'public';
  readonly path?: string;
  readonly format?: KeyFormat;
  readonly comment?: string;
  /** Whether the private half has one; not there for a public one. */
  readonly passphrase?: boolean;
  /** As `0600`. */
  readonly mode?: string;
  /** Whether new sessions of the account accept it; not there when nobody could say. */
  readonly accepted?: boolean;
  readonly problems: readonly KeyProblem[];
}

export interface KeyList {
  readonly folder: string;
  readonly agent: 'none' | 'asked' | 'silent';
  readonly account: 'no-manager' | 'asked' | 'not-known';
  readonly keys: readonly ListedKey[];
}

/** What was found, before it is known what the account has. */
export interface FoundKey {
  readonly listed: Omit<ListedKey, 'accepted' | 'problems'>;
  readonly blob: Buffer | undefined;
  /** Why ssh does not read a private key that bai reads. */
  readonly unreadableForSsh?: string | undefined;
  /** Why the file could not be read as a key. */
  readonly damage?: string;
}

export async function listKeys(tools: KeyTools): Promise<KeyList> {
  const [files, agent, account] = await Promise.all([readFolder(tools), askAgent(tools), askAccount(tools)]);
  tools.signal.throwIfAborted();
  const found = [...files, ...agent.keys];
  const keys = found.map((key) => ({
    ...key.listed,
    ...(account.state === 'asked' && key.blob !== undefined && { accepted: isSame(key.blob, account.key) }),
    problems: problemsOf(key, found, tools.own.identity),
  }));
  return { folder: tools.own.folder, agent: agent.state, account: account.state, keys };
}

function isSame(blob: Buffer, other: Uint8Array | undefined): boolean {
  return other !== undefined && blob.equals(other);
}

async function readFolder(tools: KeyTools): Promise<readonly FoundKey[]> {
  const found: FoundKey[] = [];
  for (const path of await tools.own.paths()) {
    const key = await readOne(path, tools);
    if (key !== undefined) found.push(key);
  }
  return found.map((key) => withPublicBeside(key, found));
}

async function readOne(path: string, { disk, formats }: KeyTools): Promise<FoundKey | undefined> {
  const damaged = (damage: string, mode: object = {}): FoundKey => {
    const kind = path.endsWith('.pub') ? 'public' : 'private';
    return { listed: { source: 'file', kind, path, ...mode }, blob: undefined, damage };
  };
  const read = await disk.read(path).catch((error: unknown) => {
    // A link to nowhere, or what is no file of the size of a key.
    if (error instanceof BaiError) return undefined;
    const code = systemCode(error);
    if (code === undefined) throw error;
    return code;
  });
  if (read === undefined) return undefined;
  if (typeof read === 'string')
    return looksLikeKey(path) ? damaged(`${path} cannot be read (${read})`) : undefined;
  const mode = read.mode === undefined ? {} : { mode: read.mode.toString(8).padStart(4, '0') };
  try {
    const file = formats.inspect(read.bytes, path);
    if (file === undefined) return undefined;
    const listed = { source: 'file', path, ...mode, ...factsOf(file, formats) } as const;
    const why = file.kind === 'private' ? file.unreadableForSsh : undefined;
    return { listed, blob: blobOf(file), unreadableForSsh: why };
  } catch (error) {
    if (error instanceof BaiError) return damaged(error.message, mode);
    throw error;
  }
}

/** Of a file that nobody can look into, the name must do. */
function looksLikeKey(path: string): boolean {
  return /id_[^/\\]*$|\.(pub|ppk|pem)$/.test(path);
}

function blobOf(file: KeyFile): Buffer | undefined {
  return file.kind === 'public' ? file.key.blob : file.publicBlob;
}

function factsOf(file: KeyFile, formats: KeyTools['formats']): Omit<ListedKey, 'source' | 'problems'> {
  const blob = blobOf(file);
  const facts = blob === undefined ? {} : formats.describe(blob);
  return file.kind === 'public'
    ? { kind: 'public', ...facts, comment: file.key.comment }
    : { ...facts, ...privateFacts(file) };
}

function privateFacts({
  format,
  encrypted,
  comment,
}: PrivateKeyFile): Omit<ListedKey, 'source' | 'problems'> {
  return { kind: 'private', format, passphrase: encrypted, ...(comment && { comment }) };
}

/** What a private key hides or has no place for, its `.pub` tells; ssh-keygen goes by it too. */
function withPublicBeside(key: FoundKey, all: readonly FoundKey[]): FoundKey {
  const { path, kind, comment } = key.listed;
  if (kind !== 'private' || key.damage !== undefined) return key;
  const beside = all.find(({ listed }) => listed.kind === 'public' && listed.path === `${path}.pub`);
  if (beside?.blob === undefined) return key;
  if (key.blob !== undefined && !key.blob.equals(beside.blob)) return key;
  const { type, algorithm, bits, sha256, md5 } = beside.listed;
  const facts = type && algorithm && sha256 && md5 ? { type, algorithm, bits, sha256, md5 } : {};
  const told = comment || beside.listed.comment;
  return { ...key, blob: beside.blob, listed: { ...key.listed, ...facts, ...(told && { comment: told }) } };
}

async function askAgent(tools: KeyTools): Promise<{ state: KeyList['agent']; keys: readonly FoundKey[] }> {
  const keys = await within((signal) => tools.own.ofAgent(signal), tools.signal).catch(() => {
    tools.signal.throwIfAborted();
    return 'silent' as const;
  });
  if (keys === undefined) return { state: 'none', keys: [] };
  if (keys === 'silent') {
    tools.warn('the SSH agent does not answer, so its keys are not listed');
    return { state: 'silent', keys: [] };
  }
  return {
    state: 'asked',
    keys: keys.map(({ blob, comment }) => ({
      listed: { source: 'agent', kind: 'private', comment, ...tools.formats.describe(blob) },
      blob,
    })),
  };
}

interface AccountAnswer {
  readonly state: KeyList['account'];
  readonly key?: Uint8Array | undefined;
}

/** The list is worth having without the manager, so nothing that goes wrong with it ends the command. */
async function askAccount(tools: KeyTools): Promise<AccountAnswer> {
  if (tools.own.ofAccount === undefined) return { state: 'no-manager' };
  try {
    return { state: 'asked', key: await within(tools.own.ofAccount, tools.signal) };
  } catch (error) {
    tools.signal.throwIfAborted();
    const why = error instanceof BaiError ? error.message : 'it did not answer in time';
    if (!(error instanceof BaiError) && !isTimeout(error)) throw error;
    tools.warn(`which key new sessions accept is not known: ${why}`);
    return { state: 'not-known' };
  }
}

const answerWithinMs = 5_000;

function isTimeout(error: unknown): boolean {
  return error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError');
}

async function within<T>(ask: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  using limit = limitTime(signal, answerWithinMs);
  return await unlessAborted(ask(limit.signal), limit.signal);
}
