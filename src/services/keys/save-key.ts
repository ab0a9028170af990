/** Puts a session's private key into the ssh folder, and never over somebody else's file. */

import { ConflictError } from '../../errors.ts';
import type { KeyLedger } from '../../keys/key-ledger.ts';
import type { PrivateKey } from '../../keys/private-key.ts';

type KeyChange = 'created' | 'unchanged' | 'replaced';

export interface SavedKey {
  readonly path: string;
  readonly change: KeyChange;
  readonly fingerprint: string;
  readonly type: string;
}

export interface KeyFiles {
  read(path: string): Promise<Uint8Array | undefined>;
  write(path: string, content: string): Promise<void>;
  /** False, and nothing changed, when something has the name by now. */
  create(path: string, content: string): Promise<boolean>;
  /** Repairs the ssh folder when others may write to it; the mode it had. */
  tightenFolder(path: string): Promise<string | undefined>;
  /** The mode it had when it was too wide, as four digits. */
  tighten(path: string): Promise<string | undefined>;
  /** The fingerprint of the key in a file's bytes, or nothing when they are no key. */
  fingerprintOf(bytes: Uint8Array): string | undefined;
}

export interface KeySaving {
  readonly files: KeyFiles;
  readonly ledger: KeyLedger;
  readonly warn: (message: string) => void;
}

interface SaveKeyRequest {
  readonly key: PrivateKey;
  readonly sessionId: string;
  readonly path: string;
  readonly force: boolean;
}

/** Writes when nothing is there, when bai wrote what is there, or with `force`; else throws a ConflictError. */
export async function saveKey(request: SaveKeyRequest, tools: KeySaving): Promise<SavedKey> {
  const saved = await saveUnlessForeign(request, tools);
  if (saved !== undefined) return saved;
  throw new ConflictError(`${request.path} already holds a different key, which bai did not write`, {
    code: 'key-conflict',
    hint: 'pass --force to replace it, or put the session’s key elsewhere with --output',
    details: { path: request.path },
  });
}

/**
 * For commands that need the key on the way: an existing different file is never replaced, because another
 * session's forwarder may be using it. The key then goes to `<path>_<8 characters of its fingerprint>`.
 */
export async function saveKeyBeside(
  request: Omit<SaveKeyRequest, 'force'>,
  tools: KeySaving,
): Promise<SavedKey> {
  const first = { ...request, force: false };
  const state = await compare(first, tools);
  if (state !== 'absent' && state !== 'same') {
    return saveKey({ ...first, path: pathBeside(request.path, request.key.fingerprint) }, tools);
  }
  // Another command was quicker: what it wrote may be this very key.
  return (await write(first, state, tools)) ?? saveKeyBeside(request, tools);
}

async function saveUnlessForeign(request: SaveKeyRequest, tools: KeySaving): Promise<SavedKey | undefined> {
  const state = await compare(request, tools);
  if (state === 'foreign' && !request.force) return undefined;
  const saved = await write(request, state, tools);
  // Another command was quicker: what it wrote is compared like anything else.
  return saved ?? saveUnlessForeign(request, tools);
}

/** Where a key goes when another one has the name: the same key always to the same place. */
export function pathBeside(path: string, fingerprint: string): string {
  const part = fingerprint.replace('SHA256:', '').replaceAll(/[^A-Za-z0-9]/g, '');
  return `${path}_${part.slice(0, 8)}`;
}

type FileState = 'absent' | 'same' | 'ours' | 'foreign';

async function compare({ key, path }: SaveKeyRequest, { files, ledger }: KeySaving): Promise<FileState> {
  const bytes = await files.read(path);
  if (bytes === undefined) return 'absent';
  const present = files.fingerprintOf(bytes);
  if (present === key.fingerprint) return 'same';
  return present !== undefined && (await ledger.wrote(path, present)) ? 'ours' : 'foreign';
}

/** Nothing when the name was free a moment ago and no longer is. */
async function write(
  request: SaveKeyRequest,
  state: FileState,
  tools: KeySaving,
): Promise<SavedKey | undefined> {
  const { key, path, sessionId } = request;
  const facts = { path, fingerprint: key.fingerprint, type: key.type };
  await repairFolder(path, tools);
  if (state === 'same') {
    const mode = await tools.files.tighten(path);
    await tools.ledger.use(path, key.fingerprint, sessionId);
    if (mode !== undefined) tools.warn(`${path} could be read by others (mode ${mode}); it is 0600 now`);
    return { ...facts, change: 'unchanged' };
  }
  if (state === 'absent') {
    if (!(await tools.files.create(path, key.text))) return undefined;
  } else {
    await tools.files.write(path, key.text);
  }
  await tools.ledger.record(path, key.fingerprint, sessionId);
  return { ...facts, change: state === 'absent' ? 'created' : 'replaced' };
}

async function repairFolder(path: string, { files, warn }: KeySaving): Promise<void> {
  const mode = await files.tightenFolder(path);
  if (mode !== undefined) warn(`others could write to the folder of ${path} (mode ${mode}); it is 0700 now`);
}
