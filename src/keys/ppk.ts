/**
 * PuTTY's key files, versions 2 and 3, by the appendix "PPK file format" of PuTTY's manual. Parameters that would
 * cost minutes or gigabytes are refused, and nothing of the private half is looked at before its MAC is right.
 */

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { type KeyPair, keyPairFrom, privateNumbers } from './key-pair.ts';
import { linesOf, plainBytes } from './key-text.ts';
import { MalformedKey, WireReader, wireLength, wireString } from './ssh-wire.ts';

export type PpkVersion = 2 | 3;

interface PpkOptions {
  readonly version: PpkVersion;
  readonly passphrase: Uint8Array | undefined;
}

/** A file as it stands: the public half can be read, and nothing is checked yet. */
interface PpkFile {
  readonly version: PpkVersion;
  /** SSH's name of the key's type. */
  readonly type: string;
  readonly encrypted: boolean;
  readonly comment: Buffer;
  readonly publicBlob: Buffer;
  readonly privateBlob: Buffer;
  readonly mac: Buffer;
  readonly derivation: Derivation | undefined;
}

type Flavour = 'Argon2d' | 'Argon2i' | 'Argon2id';

interface Derivation {
  readonly flavour: Flavour;
  readonly memoryKib: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Buffer;
}

/** The passphrase is not the one, or an encrypted file was changed: its MAC cannot tell which. */
export class WrongPassphrase extends Error {}

/** PuTTY asks for 8 MiB and as many passes as take 0.1 s: 13 to 40 on machines of today. */
const usual = { flavour: 'Argon2id', memoryKib: 8192, passes: 21, parallelism: 1 } as const;
const mostMemoryKib = 256 * 1024;
/** Passes times KiB: a minute on a slow machine. */
const mostWork = 8 * 1024 * 1024;
const mostLines = 2_000;
const blockSize = 16;

export async function toPpk(pair: KeyPair, { version, passphrase }: PpkOptions): Promise<Buffer> {
  const plain = privateNumbers(pair);
  const padding = passphrase === undefined ? 0 : (blockSize - (plain.length % blockSize)) % blockSize;
  const padded = Buffer.concat([plain, randomBytes(padding)]);
  const derivation = { ...usual, salt: randomBytes(16) };
  const keys = await deriveKeys({ version, encrypted: passphrase !== undefined, derivation }, passphrase);
  const head = {
    version,
    type: new WireReader(pair.publicBlob).string().toString('latin1'),
    encrypted: passphrase !== undefined,
    // A line break would end the line, and what follows it would be a header.
    comment: Buffer.from(pair.comment.replaceAll(/[\r\n]+/g, ' ')),
    publicBlob: pair.publicBlob,
  };
  const mac = macOf(head, padded, keys);
  const cipher = head.encrypted
    ? createCipheriv('aes-256-cbc', keys.key, keys.iv).setAutoPadding(false)
    : undefined;
  const privateBlob = cipher === undefined ? padded : Buffer.concat([cipher.update(padded), cipher.final()]);
  return write({
    ...head,
    derivation: version === 3 && head.encrypted ? derivation : undefined,
    privateBlob,
    mac,
  });
}

function write({ version, type, encrypted, comment, ...file }: PpkFile): Buffer {
  const { publicBlob, derivation, privateBlob, mac } = file;
  const start = `PuTTY-User-Key-File-${version}: ${type}\nEncryption: ${encrypted ? 'aes256-cbc' : 'none'}\nComment: `;
  const rest = [
    '',
    ...lines('Public-Lines', publicBlob),
    ...(derivation === undefined
      ? []
      : [
          `Key-Derivation: ${derivation.flavour}`,
          `Argon2-Memory: ${derivation.memoryKib}`,
          `Argon2-Passes: ${derivation.passes}`,
          `Argon2-Parallelism: ${derivation.parallelism}`,
          `Argon2-Salt: ${derivation.salt.toString('hex')}`,
        ]),
    ...lines('Private-Lines', privateBlob),
    `Private-MAC: ${mac.toString('hex')}\n`,
  ];
  return Buffer.concat([Buffer.from(start), comment, Buffer.from(rest.join('\n'))]);
}

function lines(name: string, blob: Buffer): string[] {
  const wrapped = blob.toString('base64').match(/.{1,64}/g) ?? [];
  return [`${name}: ${wrapped.length}`, ...wrapped];
}

export function isPpk(bytes: Uint8Array): boolean {
  return /^PuTTY-User-Key-File-\d+: /.test(bare(bytes.subarray(0, 256)));
}

/** Without what editors put in front of it, and around its lines. */
function bare(bytes: Uint8Array): string {
  return plainBytes(bytes).toString('latin1').trimStart();
}

/** Throws a MalformedKey. */
export function parsePpk(bytes: Uint8Array): PpkFile {
  const next = lineReader(bytes);
  const [, version = '', type = ''] = /^PuTTY-User-Key-File-(\d+): ([\w@.-]{1,64})\s*$/.exec(next()) ?? [];
  if (version !== '2' && version !== '3')
    throw new MalformedKey('it is of a version that bai does not know (it knows 2 and 3)');
  const encryption = field(next(), 'Encryption').trim();
  if (encryption !== 'none' && encryption !== 'aes256-cbc')
    throw new MalformedKey('its encryption is unknown');
  const encrypted = encryption === 'aes256-cbc';
  const comment = Buffer.from(field(next(), 'Comment'), 'latin1');
  const publicBlob = blobOf(next, 'Public-Lines');
  const derivation = encrypted && version === '3' ? readDerivation(next) : undefined;
  const privateBlob = blobOf(next, 'Private-Lines');
  const mac = hex(field(next(), 'Private-MAC'));
  if (new WireReader(publicBlob).string().toString('latin1') !== type) {
    throw new MalformedKey('its public half is of another type than it says');
  }
  return {
    version: version === '2' ? 2 : 3,
    type,
    encrypted,
    comment,
    publicBlob,
    derivation,
    privateBlob,
    mac,
  };
}

/** Throws WrongPassphrase, or MalformedKey. */
export async function openPpk(file: PpkFile, passphrase: Uint8Array | undefined): Promise<KeyPair> {
  if (file.encrypted && file.privateBlob.length % blockSize !== 0) {
    throw new MalformedKey('its private half has the wrong length');
  }
  const keys = await deriveKeys(file, file.encrypted ? passphrase : undefined);
  const cipher = createDecipheriv('aes-256-cbc', keys.key, keys.iv).setAutoPadding(false);
  const plain = file.encrypted
    ? Buffer.concat([cipher.update(file.privateBlob), cipher.final()])
    : file.privateBlob;
  const mac = macOf(file, plain, keys);
  if (mac.length !== file.mac.length || !timingSafeEqual(mac, file.mac)) {
    if (file.encrypted) throw new WrongPassphrase();
    throw new MalformedKey('its checksum is wrong: it was changed, or not copied as a whole');
  }
  return keyPairFrom(file.publicBlob, plain, file.comment.toString());
}

interface Keys {
  readonly key: Buffer;
  readonly iv: Buffer;
  readonly mac: Buffer;
}

type Protection = Pick<PpkFile, 'version' | 'encrypted' | 'derivation'>;

async function deriveKeys(file: Protection, passphrase: Uint8Array | undefined): Promise<Keys> {
  const secret = passphrase ?? new Uint8Array();
  if (file.version === 2) {
    const sha1 = (...parts: readonly (string | Uint8Array)[]): Buffer =>
      parts.reduce((hash, part) => hash.update(part), createHash('sha1')).digest();
    const key = Buffer.concat([sha1(wireLength(0), secret), sha1(wireLength(1), secret)]).subarray(0, 32);
    return { key, iv: Buffer.alloc(blockSize), mac: sha1('putty-private-key-file-mac-key', secret) };
  }
  if (!file.encrypted || file.derivation === undefined) {
    return { key: Buffer.alloc(32), iv: Buffer.alloc(blockSize), mac: Buffer.alloc(0) };
  }
  const derived = await argon2(file.derivation, secret);
  return { key: derived.subarray(0, 32), iv: derived.subarray(32, 48), mac: derived.subarray(48) };
}

async function argon2(
  { flavour, memoryKib, passes, parallelism, salt }: Derivation,
  secret: Uint8Array,
): Promise<Buffer> {
  const { default: wasm } = await import('hash-wasm/dist/argon2.umd.min.js');
  const derive = { Argon2d: wasm.argon2d, Argon2i: wasm.argon2i, Argon2id: wasm.argon2id }[flavour];
  if (secret.length === 0) throw new WrongPassphrase();
  return Buffer.from(
    await derive({
      password: secret,
      salt,
      parallelism,
      iterations: passes,
      memorySize: memoryKib,
      hashLength: 80,
      outputType: 'binary',
    }),
  );
}

function macOf(
  file: Pick<PpkFile, 'version' | 'type' | 'encrypted' | 'comment' | 'publicBlob'>,
  plain: Buffer,
  keys: Keys,
): Buffer {
  const { version, type, encrypted, comment, publicBlob } = file;
  return createHmac(version === 2 ? 'sha1' : 'sha256', keys.mac)
    .update(wireString(type, encrypted ? 'aes256-cbc' : 'none', comment, publicBlob, plain))
    .digest();
}

function lineReader(bytes: Uint8Array): () => string {
  const all = linesOf(bare(bytes));
  let at = 0;
  return () => {
    const line = all[at];
    if (line === undefined) throw new MalformedKey('it ends too early');
    at += 1;
    return line;
  };
}

function field(line: string, name: string): string {
  if (!line.startsWith(`${name}: `)) throw new MalformedKey(`it has no ${name} where one belongs`);
  return line.slice(name.length + 2);
}

function number(line: string, name: string, most: number): number {
  const text = field(line, name).trim();
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 1 && value <= most)) throw new MalformedKey(`its ${name} is out of bounds`);
  return value;
}

function blobOf(next: () => string, name: string): Buffer {
  const count = number(next(), name, mostLines);
  const text = Array.from({ length: count }, () => next().trim()).join('');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0)
    throw new MalformedKey(`what follows ${name} is damaged`);
  return Buffer.from(text, 'base64');
}

function hex(written: string): Buffer {
  const text = written.trim();
  if (!/^([0-9a-fA-F]{2}){1,64}$/.test(text)) throw new MalformedKey('a number in it is damaged');
  return Buffer.from(text, 'hex');
}

function readDerivation(next: () => string): Derivation {
  const flavour = field(next(), 'Key-Derivation').trim();
  if (flavour !== 'Argon2d' && flavour !== 'Argon2i' && flavour !== 'Argon2id') {
    throw new MalformedKey('its key derivation is unknown');
  }
  const memoryKib = number(next(), 'Argon2-Memory', mostMemoryKib);
  const passes = number(next(), 'Argon2-Passes', mostWork);
  const parallelism = number(next(), 'Argon2-Parallelism', 16);
  const salt = hex(field(next(), 'Argon2-Salt'));
  if (memoryKib * passes > mostWork || memoryKib < 8 * parallelism || salt.length < 8) {
    throw new MalformedKey('its Argon2 parameters are out of bounds');
  }
  return { flavour, memoryKib, passes, parallelism, salt };
}
