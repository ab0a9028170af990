/** The PuTTY form of a key, beside it: what PuTTY, WinSCP and FileZilla read. */

import { basename } from 'node:path';
import { typed } from '../../core/text/typed.ts';
import { BaiError, ConflictError, UsageError } from '../../errors.ts';
import type { KeyPair } from '../../keys/key-pair.ts';
import type { PpkVersion } from '../../keys/ppk.ts';
import { outputBeside } from './convert-key.ts';
import { type KeyDisk, type KeyFormats, publicBeside } from './key-tools.ts';
import { type KeySaving, type SavedKey, saveKey } from './save-key.ts';

export interface PuttyKeyTools extends KeySaving {
  readonly formats: KeyFormats;
  readonly disk: Pick<KeyDisk, 'read' | 'isTaken'>;
}

interface PuttyKeyRequest {
  readonly identityFile: string;
  readonly sessionId: string;
}

/**
 * Made when it is not there, and again when the key has changed since; what bai did not write is never replaced. A key with a passphrase
 * is not converted behind its owner's back: then the file must be there already.
 */
export async function savePuttyKey(request: PuttyKeyRequest, tools: PuttyKeyTools): Promise<SavedKey> {
  const { identityFile, sessionId } = request;
  const { bytes } = await tools.disk.read(identityFile);
  const file = tools.formats.require(bytes, identityFile);
  if (file.kind === 'public') {
    throw new UsageError(`${identityFile} is a public key`, { hint: 'give the private one with --identity' });
  }
  const path = outputBeside({ path: identityFile, to: 'ppk' });
  if (file.encrypted) {
    // Old formats hide what their public half is.
    const blob = file.publicBlob ?? (await publicBeside(identityFile, tools))?.blob;
    return findProtected({ path, identityFile, blob }, tools);
  }
  const pair = await tools.formats.open(bytes, identityFile, undefined);
  const key = await puttyKey({ ...pair, comment: pair.comment || basename(identityFile) }, tools);
  try {
    const files = { ...tools.files, fingerprintOf: (ppk: Uint8Array) => fingerprintOf(ppk, path, tools) };
    return await saveKey({ key, sessionId, path, force: false }, { ...tools, files });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    throw new ConflictError(error.message, {
      code: error.code,
      hint: `move it out of the way, and bai makes it from ${identityFile}`,
      details: error.details,
      cause: error,
    });
  }
}

interface Protected {
  readonly path: string;
  readonly identityFile: string;
  /** Nothing where it cannot be known. */
  readonly blob: Buffer | undefined;
}

async function findProtected(
  { path, identityFile, blob }: Protected,
  tools: PuttyKeyTools,
): Promise<SavedKey> {
  const facts = blob && tools.formats.describe(blob);
  const beside = await tools.files.read(path);
  if (facts !== undefined && beside !== undefined && fingerprintOf(beside, path, tools) === facts.sha256) {
    return { path, change: 'unchanged', fingerprint: facts.sha256, type: facts.type };
  }
  const convert = typed(['bai', 'key', 'convert', identityFile, '--to', 'ppk']);
  throw new UsageError(`${identityFile} has a passphrase, and ${path} is not its PuTTY form`, {
    code: 'key-unusable',
    hint: `make it once with \`${convert}\`, which asks for the passphrase and keeps it`,
  });
}

/** RSA in version 2, which programs with an old copy of PuTTY's code read as well. */
async function puttyKey(pair: KeyPair, { formats }: PuttyKeyTools) {
  const { type, sha256 } = formats.describe(pair.publicBlob);
  const ppkVersion: PpkVersion = type === 'ssh-rsa' ? 2 : 3;
  const ppk = await formats.write(pair, { format: 'ppk', ppkVersion, passphrase: undefined });
  const publicKey = `${type} ${pair.publicBlob.toString('base64')}`;
  return { text: ppk.toString('utf8'), type, publicKey, fingerprint: sha256 };
}

/** Nothing for what is no file of PuTTY. */
function fingerprintOf(bytes: Uint8Array, path: string, { formats }: PuttyKeyTools): string | undefined {
  try {
    const file = formats.inspect(bytes, path);
    if (file?.kind !== 'private' || file.format !== 'ppk' || file.publicBlob === undefined) return undefined;
    return formats.describe(file.publicBlob).sha256;
  } catch (error) {
    if (error instanceof BaiError) return undefined;
    throw error;
  }
}
