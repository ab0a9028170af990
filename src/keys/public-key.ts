/** The public half of a key: how it is written on one line, and what `ssh-keygen -l` says of it. */

import { createHash } from 'node:crypto';
import { MalformedKey, WireReader } from './ssh-wire.ts';

export interface PublicKey {
  readonly blob: Buffer;
  readonly comment: string;
}

export interface PublicKeyFacts {
  /** SSH's name, e.g. `ssh-ed25519`. */
  readonly type: string;
  /** As people and ssh-keygen say it, e.g. `ED25519`. */
  readonly algorithm: string;
  readonly bits: number | undefined;
  /** `SHA256:…` */
  readonly sha256: string;
  /** `MD5:…` */
  readonly md5: string;
}

const algorithms: ReadonlyMap<string, string> = new Map([
  ['ssh-rsa', 'RSA'],
  ['ssh-dss', 'DSA'],
  ['ssh-ed25519', 'ED25519'],
  ['ecdsa-sha2-nistp256', 'ECDSA'],
  ['ecdsa-sha2-nistp384', 'ECDSA'],
  ['ecdsa-sha2-nistp521', 'ECDSA'],
  ['sk-ssh-ed25519@openssh.com', 'ED25519-SK'],
  ['sk-ecdsa-sha2-nistp256@openssh.com', 'ECDSA-SK'],
]);

/** Throws a MalformedKey when the bytes are no public half. */
export function describePublicKey(blob: Buffer): PublicKeyFacts {
  const reader = new WireReader(blob);
  const type = reader.string().toString('latin1');
  const digest = (name: string): Buffer => createHash(name).update(blob).digest();
  return {
    type,
    algorithm: algorithms.get(type) ?? type,
    bits: bitsOf(type, reader),
    sha256: `SHA256:${digest('sha256').toString('base64').replace(/=+$/, '')}`,
    md5: `MD5:${(digest('md5').toString('hex').match(/../g) ?? []).join(':')}`,
  };
}

function bitsOf(type: string, reader: WireReader): number | undefined {
  const size = /^(?:sk-)?ecdsa-sha2-nistp(\d+)/.exec(type)?.[1];
  if (size !== undefined) return Number(size);
  if (type.includes('ed25519')) return 256;
  if (type !== 'ssh-rsa' && type !== 'ssh-dss') return undefined;
  if (type === 'ssh-rsa') reader.number();
  const modulus = reader.number();
  return modulus.length === 0 ? 0 : modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
}

/** As it stands in `.pub` files and `authorized_keys`. */
export function publicLine({ blob, comment }: PublicKey): string {
  const words = [new WireReader(blob).string().toString('latin1'), blob.toString('base64'), oneLine(comment)];
  return words.filter((word) => word !== '').join(' ');
}

/** A comment is anybody's text: it must not end its line. */
function oneLine(comment: string): string {
  return comment.replaceAll(/\p{Cc}+/gu, ' ').trim();
}

/** A file with one public key, as OpenSSH or PuTTY writes it. Nothing when it is no such file; throws a MalformedKey. */
export function parsePublicKey(bytes: Uint8Array): PublicKey | undefined {
  const text = Buffer.from(bytes).toString('utf8').trim();
  return text.startsWith('---- BEGIN SSH2 PUBLIC KEY ----') ? parseRfc4716(text) : parseLine(text);
}

function parseLine(text: string): PublicKey | undefined {
  const [, type, base64, comment = ''] =
    /^((?:ssh|ecdsa|sk)-[\w@.-]{1,64})[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t]+([^\r\n]*))?$/.exec(text) ?? [];
  if (type === undefined || base64 === undefined) return undefined;
  const blob = Buffer.from(base64, 'base64');
  if (new WireReader(blob).string().toString('latin1') !== type) {
    throw new MalformedKey('it is of another type than it says');
  }
  return { blob, comment };
}

/** RFC 4716: headers, of which a `\` continues the line, then base64. */
function parseRfc4716(text: string): PublicKey {
  const inside = /^.*\r?\n([\s\S]*?)\r?\n---- END SSH2 PUBLIC KEY ----$/.exec(text)?.[1];
  if (inside === undefined) throw new MalformedKey('it ends too early');
  const lines = inside.replaceAll(/\\\r?\n/g, '').split(/\r?\n/);
  const comment =
    lines.map((line) => /^Comment: (.*)$/i.exec(line)?.[1]).find((found) => found !== undefined) ?? '';
  const base64 = lines.filter((line) => !line.includes(':')).join('');
  const blob = Buffer.from(base64, 'base64');
  new WireReader(blob).string();
  return { blob, comment: comment.replace(/^"(.*)"$/, '$1') };
}
