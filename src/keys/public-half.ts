/** What a key file of any kind tells without its passphrase, where damage tells nothing. */

import { parsePublicLine } from '../core/public-line.ts';
import { BaiError } from '../errors.ts';
import { inspectKey, type KeyFile } from './key-formats.ts';
import { isPpk } from './ppk.ts';

/** Nothing when the bytes are no key, or hide even the public half behind a passphrase. */
export function publicBlobOf(bytes: Uint8Array): Uint8Array | undefined {
  const line = parsePublicLine(Buffer.from(bytes).toString('latin1').split(/\r?\n/, 1)[0] ?? '');
  if (line !== undefined) return line.blob;
  const file = inspected(bytes);
  return file?.kind === 'public' ? file.key.blob : file?.publicBlob;
}

export function isPrivateKeyText(bytes: Uint8Array): boolean {
  return /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(Buffer.from(bytes).toString('latin1')) || isPpk(bytes);
}

export function isEncrypted(bytes: Uint8Array): boolean {
  const file = inspected(bytes);
  return file?.kind === 'private' && file.encrypted;
}

function inspected(bytes: Uint8Array): KeyFile | undefined {
  try {
    return inspectKey(bytes, 'the file');
  } catch (error) {
    if (error instanceof BaiError) return undefined;
    throw error;
  }
}
