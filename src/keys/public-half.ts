/** The public half in a key file of any kind, without its passphrase where the form has it in the clear. */

import ssh2 from 'ssh2';
import { parsePublicLine } from '../core/public-line.ts';

/** Nothing when the bytes are no key, or hide even the public half behind a passphrase. */
export function publicBlobOf(bytes: Uint8Array): Uint8Array | undefined {
  const text = Buffer.from(bytes).toString('latin1');
  const line = parsePublicLine(text.split(/\r?\n/, 1)[0] ?? '');
  if (line !== undefined) return line.blob;
  const inside = openSshContainer(text);
  if (inside !== undefined) return inside.publicBlob;
  const key = ssh2.utils.parseKey(text);
  return key instanceof Error ? undefined : key.getPublicSSH();
}

export function isPrivateKeyText(bytes: Uint8Array): boolean {
  return /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(Buffer.from(bytes).toString('latin1')) || isPutty(bytes);
}

export function isPutty(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 64)).toString('latin1').startsWith('PuTTY-User-Key-File-');
}

export function isEncrypted(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes).toString('latin1');
  if (/^-----BEGIN ENCRYPTED PRIVATE KEY-----/m.test(text) || /^Proc-Type: 4,ENCRYPTED/m.test(text))
    return true;
  const cipher = openSshContainer(text)?.cipher;
  return cipher !== undefined && cipher !== 'none';
}

const magic = 'openssh-key-v1\0';

/** PROTOCOL.key of OpenSSH: magic, cipher, kdf, its options, the number of keys, and the first public half. */
function openSshContainer(text: string): { cipher: string; publicBlob: Uint8Array } | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END/.exec(text)?.[1];
  const bytes = Buffer.from(body ?? '', 'base64');
  if (bytes.subarray(0, magic.length).toString('latin1') !== magic) return undefined;
  let at = magic.length;
  const next = (): Buffer | undefined => {
    if (at + 4 > bytes.length) return undefined;
    const start = at + 4;
    at = start + bytes.readUInt32BE(at);
    return at > bytes.length ? undefined : bytes.subarray(start, at);
  };
  const [cipher, kdf, options] = [next(), next(), next()];
  if (cipher === undefined || kdf === undefined || options === undefined) return undefined;
  at += 4;
  const publicBlob = next();
  return publicBlob && { cipher: cipher.toString('latin1'), publicBlob };
}
