/** A private key that becomes the account's: checked to be usable by a manager and by sessions, in the form it takes. */

import { createPrivateKey } from 'node:crypto';
import ssh2, { type ParsedKey } from 'ssh2';
import { checkStrength } from '../core/keys/public-line.ts';
import { typed } from '../core/text/typed.ts';
import { ConflictError, UsageError } from '../errors.ts';
import { isPpk } from './ppk.ts';
import { readOwnKey } from './private-key.ts';
import { isEncrypted, publicBlobOf } from './public-half.ts';

export interface AccountPair {
  readonly type: string;
  /** `SHA256:…` */
  readonly fingerprint: string;
  /** Without a comment: agents write the line as ASCII, and a session whose key has another character does not start. */
  readonly publicLine: string;
  readonly blob: Uint8Array;
  /** As the file has it. */
  readonly text: string;
  /** PKCS#1 or SEC 1; nothing for Ed25519, which has neither. */
  readonly pem: string | undefined;
}

/** Throws a UsageError for what a manager or the sessions would refuse. */
export function readAccountPair(bytes: Uint8Array, path: string): AccountPair {
  refusePassphrase(bytes, path);
  const { text, type, publicKey, fingerprint } = readOwnKey(bytes, path);
  const key = ssh2.utils.parseKey(text);
  if (key instanceof Error) throw key;
  const blob = key.getPublicSSH();
  checkStrength(type, blob, path);
  if (!canSign(key)) {
    throw new UsageError(`the two halves in ${path} do not belong together`, {
      code: 'key-mismatch',
      hint: 'the file is damaged: make a new key',
    });
  }
  return { type, fingerprint, publicLine: publicKey, blob, text, pem: pemOf(key) };
}

/** The public half that lies beside a key has to be its own: else the user means another key than bai would send. */
export function checkBeside(pair: AccountPair, beside: Uint8Array, path: string): void {
  const found = publicBlobOf(beside);
  if (found !== undefined && Buffer.from(found).equals(pair.blob)) return;
  throw new ConflictError(`${path}.pub is not the public half of ${path}`, {
    code: 'key-mismatch',
    hint: `\`${typed(['bai', 'key', 'show', path])}\` prints the right one; put it there, or remove the wrong one`,
  });
}

function refusePassphrase(bytes: Uint8Array, path: string): void {
  // One of PuTTY is refused for its form, whatever protects it.
  if (isPpk(bytes) || !isEncrypted(bytes)) return;
  throw new UsageError(`${path} has a passphrase, which a manager cannot open`, {
    code: 'key-unusable',
    hint: 'make a key without one for the sessions alone: `bai key generate --no-passphrase --output FILE`; leave your own key as it is',
  });
}

function canSign(key: ParsedKey): boolean {
  const message = Buffer.from('bai key upload');
  // RSA by SHA-1 is off where the system's policy says so.
  const hash = key.type === 'ssh-rsa' ? 'sha256' : undefined;
  const signature = key.sign(message, hash);
  return Buffer.isBuffer(signature) && key.verify(message, signature, hash) === true;
}

function pemOf(key: ParsedKey): string | undefined {
  if (key.type === 'ssh-ed25519') return undefined;
  const opened = createPrivateKey(key.getPrivatePEM());
  const type = key.type === 'ssh-rsa' ? 'pkcs1' : 'sec1';
  return String(opened.export({ type, format: 'pem' }));
}
