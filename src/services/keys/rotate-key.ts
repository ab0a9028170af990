/** `bai key rotate`: the manager makes a new keypair for the account, and neither the old key nor the new one is lost. */

import { setTimeout as delay } from 'node:timers/promises';
import type { GeneratedKeyPair } from '../../core/session/account-keys.ts';
import { plaintextEndpoint } from '../../core/text/is-plaintext-url.ts';
import { BaiError, ConflictError, LocalSystemError, ProtocolError, UnsureError } from '../../errors.ts';
import type { PrivateKey } from '../../keys/private-key.ts';
import type { AccountKeyTools } from './account-key-tools.ts';
import { pathBeside, type SavedKey, saveKey, saveKeyBeside } from './save-key.ts';

interface RotateKeyRequest {
  /** Also when bai did not write the key that is there; a copy of it is kept even so. */
  readonly force: boolean;
}

interface RotatedKey extends SavedKey {
  /** What was there before, and where it is now. */
  readonly previous?: KeptKey;
}

interface KeptKey {
  readonly path: string;
  readonly fingerprint: string;
}

/** Stands in the ledger for keys that are the account's and not of one session. */
export const accountMark = 'account';

export async function rotateKey(request: RotateKeyRequest, tools: AccountKeyTools): Promise<RotatedKey> {
  warnOfClearText(tools);
  // A manager that is away is found out before anything is prepared for its answer.
  await tools.account.reach(tools.signal);
  // All that can fail on this machine fails before the account has another key.
  await tools.checkRoom(tools.keyPath);
  const old = await keepOld(request, tools);
  const previous = old && { path: old.path, fingerprint: old.fingerprint };
  const key = readNew(await generate(old, tools), tools);
  const saved = await save(key, previous, tools);
  await compareWithAccount(saved, tools);
  tools.reporter.info('new sessions will accept this key; those that run keep the old one');
  return previous === undefined ? saved : { ...saved, previous };
}

function warnOfClearText({ endpoints, warn }: AccountKeyTools): void {
  const exposed = plaintextEndpoint(endpoints);
  if (exposed !== undefined) warn(`the new private key travels from ${new URL(exposed).origin} in the clear`);
}

interface KeptCopy extends KeptKey {
  /** This run made it. */
  readonly isNew: boolean;
}

/** Another bai writes a key first, and notes that it did so right after. */
const mostLooks = 4;
const lookAgainMs = 75;

/** A copy beside, under the name that the key has wherever another one is `id_container`. */
async function keepOld(
  { force }: RotateKeyRequest,
  tools: AccountKeyTools,
  look = 1,
): Promise<KeptCopy | undefined> {
  const { files, ledger, keyPath } = tools;
  const bytes = await files.read(keyPath);
  if (bytes === undefined) return undefined;
  const fingerprint = files.fingerprintOf(bytes);
  if (fingerprint === undefined) {
    throw conflict(
      `${keyPath} is not a private key that bai can read`,
      'move it out of the way; nothing was changed',
    );
  }
  const path = pathBeside(keyPath, fingerprint);
  const isOurs = await ledger.wrote(keyPath, fingerprint);
  if (!isOurs && !force) {
    if (look < mostLooks) {
      await delay(lookAgainMs, undefined, { signal: tools.signal });
      return keepOld({ force }, tools, look + 1);
    }
    const hint = `pass --force to replace it (a copy is kept as ${path}); nothing was changed`;
    throw conflict(`${keyPath} holds a key that bai did not write`, hint);
  }
  const isNew = await copyOld({ path, fingerprint }, bytes, tools);
  // What bai did not write it must never take away either, so the copy of such a key is the user's.
  if (isOurs) await ledger.record(path, fingerprint, accountMark);
  return { path, fingerprint, isNew };
}

/** False when it was there already. */
async function copyOld(
  { path, fingerprint }: KeptKey,
  bytes: Uint8Array,
  tools: AccountKeyTools,
): Promise<boolean> {
  const { files } = tools;
  if (await files.create(path, new TextDecoder().decode(bytes))) return true;
  const present = await files.read(path);
  if (present === undefined || files.fingerprintOf(present) !== fingerprint) {
    throw conflict(
      `${path}, where the old key should be kept, holds something else`,
      'move it out of the way; nothing was changed',
    );
  }
  await files.tighten(path);
  return false;
}

/** When it is certain that nothing has changed, no second copy of the key stays. */
async function generate(old: KeptCopy | undefined, tools: AccountKeyTools): Promise<GeneratedKeyPair> {
  try {
    return await tools.account.generate(tools.signal);
  } catch (error) {
    if (old?.isNew && !(error instanceof UnsureError)) await dropCopy(old, tools);
    throw error;
  }
}

async function dropCopy({ path, fingerprint }: KeptKey, tools: AccountKeyTools): Promise<void> {
  const isIt = async (bytes: Uint8Array): Promise<boolean> =>
    tools.files.fingerprintOf(bytes) === fingerprint;
  if (await tools.removeCopy(path, isIt)) await tools.ledger.forget(path);
}

function readNew({ privateText, publicKey }: GeneratedKeyPair, tools: AccountKeyTools): PrivateKey {
  const key = tools.readIssuedKey(new TextEncoder().encode(privateText), "the account's new private key");
  if (key.fingerprint === tools.fingerprint(publicKey)) return key;
  throw new ProtocolError("the halves of the account's new key do not belong together", {
    code: 'account-key-broken',
    hint: 'run `bai key rotate` again; the key on this machine is unchanged',
  });
}

/** Never over anything but the key that was copied: what came in between is left, and the new key goes beside it. */
async function save(
  key: PrivateKey,
  previous: KeptKey | undefined,
  tools: AccountKeyTools,
): Promise<SavedKey> {
  const request = { key, sessionId: accountMark, path: tools.keyPath, force: true };
  try {
    const bytes = await tools.files.read(tools.keyPath);
    const present = bytes && tools.files.fingerprintOf(bytes);
    if (bytes !== undefined && present !== previous?.fingerprint) return await saveKeyBeside(request, tools);
    return bytes === undefined ? await saveKeyBeside(request, tools) : await saveKey(request, tools);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LocalSystemError(
      `the account has a new key (${key.fingerprint}), but it could not be saved as ${tools.keyPath}: ${reason}`,
      {
        code: 'key-not-saved',
        hint: 'it is not lost: every new session hands it out, so fix this and run `bai key fetch SESSION` with one; running sessions keep the old key',
        details: { path: tools.keyPath, fingerprint: key.fingerprint },
        cause,
      },
    );
  }
}

/** Another rotation at the same time may have come last. */
async function compareWithAccount({ path, fingerprint }: SavedKey, tools: AccountKeyTools): Promise<void> {
  try {
    const blob = await tools.account.read(tools.signal);
    if (blob !== undefined && tools.fingerprint(blob) === fingerprint) return;
  } catch (error) {
    if (error instanceof BaiError) return;
    throw error;
  }
  tools.warn(`somebody else has changed the account's key meanwhile: new sessions do not accept ${path}`);
}

function conflict(message: string, hint: string): ConflictError {
  return new ConflictError(message, { code: 'key-conflict', hint });
}
