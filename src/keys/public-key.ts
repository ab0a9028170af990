/** The public half of a key: how it is written on one line, and what `ssh-keygen -l` says of it. */

import { createHash } from 'node:crypto';
import { algorithms, bitLength, formatPublicLine } from '../core/keys/public-line.ts';
import { WireReader } from './ssh-wire.ts';

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

/** Throws a MalformedKey when the bytes are no public half. */
export function describePublicKey(blob: Buffer): PublicKeyFacts {
  const reader = new WireReader(blob);
  const type = reader.string().toString('latin1');
  const md5 = createHash('md5').update(blob).digest('hex');
  return {
    type,
    algorithm: algorithms.get(type) ?? type,
    bits: bitsOf(type, reader),
    sha256: fingerprintOf(blob),
    md5: `MD5:${(md5.match(/../g) ?? []).join(':')}`,
  };
}

/** `SHA256:…` of a public half, as `ssh` shows it. */
export function fingerprintOf(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

function bitsOf(type: string, reader: WireReader): number | undefined {
  const size = /^(?:sk-)?ecdsa-sha2-nistp(\d+)/.exec(type)?.[1];
  if (size !== undefined) return Number(size);
  if (type.includes('ed25519')) return 256;
  if (type !== 'ssh-rsa' && type !== 'ssh-dss') return undefined;
  if (type === 'ssh-rsa') reader.number();
  return bitLength(reader.number());
}

/** As it stands in `.pub` files and `authorized_keys`. */
export function publicLine({ blob, comment }: PublicKey): string {
  const type = new WireReader(blob).string().toString('latin1');
  return formatPublicLine({ options: '', type, blob, comment: oneLine(comment) });
}

/** A comment is anybody's text: it must not end its line. */
function oneLine(comment: string): string {
  return comment.replaceAll(/\p{Cc}+/gu, ' ').trim();
}
