/** What a key file of any kind tells without its passphrase, where damage tells nothing. */

import { BaiError } from '../errors.ts';
import { inspectKey, type KeyFile } from './key-formats.ts';
import { plainBytes } from './key-text.ts';
import { isPpk } from './ppk.ts';

/** Nothing when the bytes are no key, or hide even the public half behind a passphrase. */
export function publicBlobOf(bytes: Uint8Array): Uint8Array | undefined {
  const file = inspected(bytes);
  return file?.kind === 'public' ? file.key.blob : file?.publicBlob;
}

export function isPrivateKeyText(bytes: Uint8Array): boolean {
  const text = plainBytes(bytes).toString('latin1');
  return /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text) || isPpk(bytes);
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
