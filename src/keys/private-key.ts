/** Reads a private key: what it is, and the form both ssh2 and OpenSSH take. */

import { createPrivateKey, type KeyObject } from 'node:crypto';
import ssh2, { type ParsedKey } from 'ssh2';
import { cleanKeyCommand } from '../core/keys/key-names.ts';
import { agentAdd, typed } from '../core/text/typed.ts';
import { ProtocolError, UsageError } from '../errors.ts';
import { pemOf, unreadableForSsh } from './key-text.ts';
import { isPpk } from './ppk.ts';
import { readPublic } from './public-file.ts';
import { fingerprintOf } from './public-key.ts';
import { MalformedKey } from './ssh-wire.ts';
import { leaveSignalsToSystem } from './system-signals.ts';

export interface PrivateKey {
  /** The key as text, from its first dash to its last newline. */
  readonly text: string;
  /** Algorithm name, e.g. `ssh-rsa`. */
  readonly type: string;
  /** Public half as `type base64`, without a comment. */
  readonly publicKey: string;
  /** `SHA256:…` of the public half. */
  readonly fingerprint: string;
}

/** What a session may hand out: anything longer is no key. */
const sizeLimit = 64 * 1024;

/**
 * Reads a key that `origin` handed out. Older managers put bytes in front of it; without a key in
 * them nothing may be written, and this throws a ProtocolError.
 */
export function readIssuedKey(bytes: Uint8Array, origin: string): PrivateKey {
  const text = pemIn(bytes);
  if (text === undefined) {
    throw new ProtocolError(`${origin} is not a private key`, {
      code: 'not-a-key',
      hint: 'the session may have been made with a folder of your own mounted on ~/.ssh: use that key with --identity',
    });
  }
  if (/[^\n\x20-\x7e]/.test(text))
    throw new ProtocolError(`${origin} is a damaged private key`, { code: 'not-a-key' });
  return describe(parse(text, origin));
}

/** Nothing for one that ends too early as well. */
function pemIn(bytes: Uint8Array): string | undefined {
  try {
    return pemOf(bytes.subarray(0, sizeLimit));
  } catch (error) {
    if (error instanceof MalformedKey) return undefined;
    throw error;
  }
}

/** Reads a key file of the user's own; explains the mistakes people make. */
export function readOwnKey(bytes: Uint8Array, path: string): PrivateKey {
  if (isPublic(bytes)) {
    throw new UsageError(`${path} is a public key`, {
      hint: `give the private one${path.endsWith('.pub') ? `: ${path.slice(0, -4)}` : ''}`,
    });
  }
  if (isPpk(bytes)) {
    throw new UsageError(`${path} is a key of PuTTY, which ssh does not read`, {
      code: 'key-ppk',
      hint: `convert it: ${typed(['bai', 'key', 'convert', path, '--to', 'openssh'])}`,
    });
  }
  if (pemIn(bytes) === undefined) {
    throw new UsageError(`${path} is not a private key, or not a whole one`, {
      code: 'not-a-key',
      hint: '`bai key list` lists yours; other forms are converted by `bai key convert FILE --to openssh`',
    });
  }
  return readIssuedKey(bytes, path);
}

/** Damaged ones too. */
function isPublic(bytes: Uint8Array): boolean {
  try {
    return pemIn(bytes) === undefined && readPublic(bytes) !== undefined;
  } catch (error) {
    if (error instanceof MalformedKey) return true;
    throw error;
  }
}

/**
 * A key file that only the system's ssh is to read has to be as ssh reads it. Throws a UsageError with the command that
 * makes it so; nothing for what is no key, of which others know more.
 */
export function checkForSsh(bytes: Uint8Array, path: string): void {
  const why = pemIn(bytes) === undefined ? undefined : unreadableForSsh(bytes);
  if (why === undefined) return;
  throw new UsageError(`${path} ${why}, so ssh cannot read it`, {
    code: 'key-not-for-ssh',
    hint: `\`${cleanKeyCommand(path)}\` writes it as ssh reads it`,
  });
}

/** Whether a private key is encrypted, whatever its form. */
export function hasPassphrase(bytes: Uint8Array): boolean {
  const text = pemIn(bytes) ?? '';
  if (/^Proc-Type: 4,ENCRYPTED|-----BEGIN ENCRYPTED PRIVATE KEY-----/m.test(text)) return true;
  const packed = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]*)-----END/.exec(text)?.[1];
  // Behind the format's name stands that of the cipher.
  return packed !== undefined && !Buffer.from(packed, 'base64').subarray(15, 23).equals(noCipher);
}

const noCipher = Buffer.from('\0\0\0\x04none', 'latin1');

interface OpenedKey {
  readonly unlocked: ParsedKey;
  readonly fingerprint: string;
}

/** Nothing when the passphrase is not the right one. */
export function unlockOwnKey(bytes: Uint8Array, passphrase: string, path: string): OpenedKey | undefined {
  using _signals = leaveSignalsToSystem();
  const plain = pemIn(bytes) ?? '';
  const text = plain.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----')
    ? unlockPkcs8(plain, passphrase, path)
    : plain;
  const key = text === undefined ? undefined : ssh2.utils.parseKey(text, passphrase);
  if (key === undefined || key instanceof Error || !key.isPrivateKey()) return undefined;
  return { unlocked: key, fingerprint: fingerprintOf(key.getPublicSSH()) };
}

function unlockPkcs8(text: string, passphrase: string, path: string): string | undefined {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: text, passphrase });
  } catch {
    return undefined;
  }
  return fromPkcs8(String(key.export({ type: 'pkcs8', format: 'pem' })), path);
}

function parse(text: string, origin: string): { key: ParsedKey; text: string } {
  const plain = text.includes('-----BEGIN PRIVATE KEY-----') ? fromPkcs8(text, origin) : text;
  const key = ssh2.utils.parseKey(plain);
  if (key instanceof Error) {
    // Of a damaged key ssh2 shows the bytes themselves.
    const why = /magic/i.test(key.message) ? 'it is damaged' : key.message;
    throw new UsageError(`${origin} cannot be used: ${why}`, {
      code: 'key-unusable',
      hint: `a key with a passphrase is opened on a terminal, or used through the agent (\`${agentAdd()}\`, then --identity agent); other forms are converted by \`bai key convert FILE --to openssh\``,
      cause: key,
    });
  }
  if (!key.isPrivateKey()) throw new UsageError(`${origin} is not a private key`, { code: 'not-a-key' });
  return { key, text: plain };
}

/** ssh2 reads no PKCS#8 of any type; RSA and EC have an older PEM form that it does. */
function fromPkcs8(text: string, origin: string): string {
  const key = openPkcs8(text, origin);
  if (key.asymmetricKeyType === 'rsa') return String(key.export({ type: 'pkcs1', format: 'pem' }));
  if (key.asymmetricKeyType === 'ec') return String(key.export({ type: 'sec1', format: 'pem' }));
  throw new UsageError(
    `${origin} is a PKCS#8 key of type ${key.asymmetricKeyType}, which OpenSSH does not read`,
    {
      code: 'key-unusable',
      hint: 'convert it: `bai key convert FILE --to openssh`',
    },
  );
}

function openPkcs8(text: string, origin: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (cause) {
    throw new UsageError(`${origin} is a damaged PKCS#8 key`, {
      code: 'key-unusable',
      hint: 'fetch or export it again',
      cause,
    });
  }
}

function describe({ key, text }: { key: ParsedKey; text: string }): PrivateKey {
  const blob = key.getPublicSSH();
  return {
    text,
    type: key.type,
    publicKey: `${key.type} ${blob.toString('base64')}`,
    fingerprint: fingerprintOf(blob),
  };
}
