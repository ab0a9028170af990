/** Key files of all the formats people have: told apart, opened, and written. */

import { createPublicKey } from 'node:crypto';
import ssh2 from 'ssh2';
import { typed } from '../core/text/typed.ts';
import { DeniedError, UsageError } from '../errors.ts';
import { type KeyPair, keyPairOf } from './key-pair.ts';
import { pemOf, unreadableForSsh } from './key-text.ts';
import { readOpensshHeader, UnknownCipher } from './openssh-file.ts';
import { dsaBlob, isEncryptedPem, openPem } from './pem-file.ts';
import { isPpk, openPpk, type PpkVersion, parsePpk, toPpk, WrongPassphrase } from './ppk.ts';
import { looksPublic, readPublic } from './public-file.ts';
import { describePublicKey, type PublicKey } from './public-key.ts';
import { MalformedKey } from './ssh-wire.ts';
import { leaveSignalsToSystem } from './system-signals.ts';

export type KeyFormat = 'openssh' | 'pem' | 'pkcs8' | 'ppk';

/** What a file says without its passphrase. */
export type KeyFile = { readonly kind: 'public'; readonly key: PublicKey } | PrivateKeyFile;

export interface PrivateKeyFile {
  readonly kind: 'private';
  readonly format: KeyFormat;
  readonly ppkVersion: PpkVersion | undefined;
  readonly encrypted: boolean;
  /** Nothing for an encrypted PEM or PKCS#8, which hides it. */
  readonly publicBlob: Buffer | undefined;
  /** Nothing where it cannot be seen; these two formats have none. */
  readonly comment: string | undefined;
  /** Why ssh does not read the file as it stands, for people. */
  readonly unreadableForSsh?: string | undefined;
}

/** Nothing when it does not look like a key at all. Throws a UsageError for a damaged one. */
export function inspectKey(bytes: Uint8Array, origin: string): KeyFile | undefined {
  return explained(origin, () => {
    if (isPpk(bytes)) return inspectPpk(bytes);
    const pem = pemOf(bytes);
    if (pem !== undefined) return { ...inspectPem(pem), unreadableForSsh: unreadableForSsh(bytes) };
    return looksPublic(bytes) ? inspectPublic(bytes) : undefined;
  });
}

function inspectPublic(bytes: Uint8Array): KeyFile | undefined {
  const key = readPublic(bytes);
  return key && { kind: 'public', key: { blob: Buffer.from(key.blob), comment: key.comment } };
}

/** As `inspectKey`, where it must be one: what is wrong with a key is said also where it does not look like one at first. */
export function requireKey(bytes: Uint8Array, origin: string): KeyFile {
  const file = inspectKey(bytes, origin) ?? explained(origin, () => inspectPublic(bytes));
  if (file === undefined) throw notAKey(origin, 'it is neither a private nor a public key');
  return file;
}

/** The private key, opened. Throws a DeniedError for a wrong passphrase, a UsageError for what is none. */
export async function openKey(bytes: Uint8Array, origin: string, passphrase?: Uint8Array): Promise<KeyPair> {
  using _signals = leaveSignalsToSystem();
  try {
    if (isPpk(bytes)) return await openPpk(parsePpk(bytes), passphrase);
    const pem = pemOf(bytes);
    if (pem === undefined) throw new MalformedKey('it is not a private key');
    return isOpenssh(pem) ? openOpenssh(pem, passphrase) : keyPairOf(openPem(pem, passphrase), '');
  } catch (error) {
    throw explain(origin, error);
  }
}

export interface WriteOptions {
  readonly format: KeyFormat;
  /** Of a PPK; 3 when not said. */
  readonly ppkVersion?: PpkVersion | undefined;
  readonly passphrase: Uint8Array | undefined;
}

/** Throws a UsageError when the format has no place for this type of key. */
export function requireForm(format: KeyFormat, publicBlob: Buffer): void {
  if (format !== 'pem' || describePublicKey(publicBlob).type !== 'ssh-ed25519') return;
  throw new UsageError('PEM has no form for Ed25519 keys', { hint: 'use --to openssh or --to pkcs8' });
}

/** As `requireForm`, before anything is written. */
export async function writeKey(
  pair: KeyPair,
  { format, ppkVersion = 3, passphrase }: WriteOptions,
): Promise<Buffer> {
  requireForm(format, pair.publicBlob);
  if (format === 'ppk') return toPpk(pair, { version: ppkVersion, passphrase });
  if (format === 'openssh') return toOpenssh(pair, passphrase);
  const traditional = pair.privateKey.asymmetricKeyType === 'rsa' ? 'pkcs1' : 'sec1';
  // PuTTY reads no other cipher of a PEM.
  const cipher = format === 'pem' ? 'aes-128-cbc' : 'aes-256-cbc';
  const secret = passphrase && { cipher, passphrase: Buffer.from(passphrase) };
  const type = format === 'pem' ? traditional : 'pkcs8';
  return Buffer.from(pair.privateKey.export({ format: 'pem', type, ...secret }));
}

async function toOpenssh(pair: KeyPair, passphrase: Uint8Array | undefined): Promise<Buffer> {
  const { default: sshpk } = await import('sshpk');
  const key = sshpk.parsePrivateKey(
    Buffer.from(pair.privateKey.export({ format: 'pem', type: 'pkcs8' })),
    'pkcs8',
  );
  key.comment = pair.comment;
  const secret = passphrase && { passphrase: Buffer.from(passphrase), cipher: 'aes256-ctr' as const };
  return key.toBuffer('openssh', secret ?? {});
}

function openOpenssh(pem: string, passphrase: Uint8Array | undefined): KeyPair {
  const header = readOpensshHeader(pem);
  header.requireOpenable();
  const { encrypted, publicBlob } = header;
  const key = ssh2.utils.parseKey(pem, encrypted && passphrase ? Buffer.from(passphrase) : undefined);
  // What is encrypted has been checked for everything but its passphrase.
  if (key instanceof Error)
    throw encrypted ? new WrongPassphrase() : new MalformedKey('bai cannot use its type');
  if (!key.isPrivateKey()) throw new MalformedKey('it is not a private key');
  const pair = keyPairOf(openPem(key.getPrivatePEM(), undefined), key.comment ?? '');
  if (!pair.publicBlob.equals(publicBlob)) throw new MalformedKey('its halves do not belong together');
  return pair;
}

function inspectPpk(bytes: Uint8Array): PrivateKeyFile {
  const { version, encrypted, publicBlob, comment } = parsePpk(bytes);
  return {
    kind: 'private',
    format: 'ppk',
    ppkVersion: version,
    encrypted,
    publicBlob,
    comment: comment.toString(),
  };
}

function inspectPem(pem: string): PrivateKeyFile {
  const file = { kind: 'private', ppkVersion: undefined } as const;
  if (isOpenssh(pem)) {
    const { encrypted, publicBlob } = readOpensshHeader(pem);
    const key = encrypted ? undefined : ssh2.utils.parseKey(pem);
    const comment = key === undefined || key instanceof Error ? undefined : key.comment;
    return { ...file, format: 'openssh', encrypted, publicBlob, comment };
  }
  const format = pem.includes(' ENCRYPTED PRIVATE') || pem.startsWith('-----BEGIN PRIVATE') ? 'pkcs8' : 'pem';
  const encrypted = isEncryptedPem(pem);
  const publicBlob = encrypted ? undefined : publicBlobOf(pem);
  return { ...file, format, encrypted, publicBlob, comment: undefined };
}

function publicBlobOf(pem: string): Buffer {
  const privateKey = openPem(pem, undefined);
  return privateKey.asymmetricKeyType === 'dsa'
    ? dsaBlob(createPublicKey(privateKey))
    : keyPairOf(privateKey, '').publicBlob;
}

function isOpenssh(pem: string): boolean {
  return pem.startsWith('-----BEGIN OPENSSH ');
}

function explained<T>(origin: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw explain(origin, error);
  }
}

function explain(origin: string, error: unknown): unknown {
  if (error instanceof UnknownCipher) {
    return notAKey(
      origin,
      error.message,
      `\`${typed(['ssh-keygen', '-p', '-Z', 'aes256-ctr', '-f', origin])}\` changes that`,
    );
  }
  if (error instanceof MalformedKey) return notAKey(origin, error.message, error.hint);
  if (!(error instanceof WrongPassphrase)) return error;
  return new DeniedError(`wrong passphrase for ${origin}`, {
    code: 'wrong-passphrase',
    hint: 'try again; if you are sure that it is right, the file is damaged',
  });
}

const formatsRead =
  'private keys of OpenSSH, PEM, PKCS#8 and PuTTY (version 2 and 3) are read, and their public halves';

function notAKey(origin: string, why: string, hint = formatsRead): UsageError {
  return new UsageError(`${origin} cannot be read as a key: ${why}`, { code: 'not-a-key', hint });
}
