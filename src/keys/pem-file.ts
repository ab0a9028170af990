/** PEM and PKCS#8 by Node's crypto, with a look at what an encrypted one would cost first. */

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { WrongPassphrase } from './ppk.ts';
import { MalformedKey, wireNumber, wireString } from './ssh-wire.ts';

export function isEncryptedPem(pem: string): boolean {
  return pem.startsWith('-----BEGIN ENCRYPTED PRIVATE KEY-----') || /\nProc-Type: *4, *ENCRYPTED/.test(pem);
}

/** What OpenSSL says of a key it refuses may hold parts of it, and goes no further. */
export function openPem(pem: string, passphrase: Uint8Array | undefined): KeyObject {
  const encrypted = isEncryptedPem(pem);
  if (pem.startsWith('-----BEGIN ENCRYPTED')) checkCost(pem);
  // OpenSSL takes no longer one.
  if (passphrase !== undefined && passphrase.length > 1024) throw new WrongPassphrase();
  const secret = passphrase === undefined ? {} : { passphrase: Buffer.from(passphrase) };
  try {
    return withNamedCurve(createPrivateKey({ key: pem, format: 'pem', ...(encrypted && secret) }));
  } catch {
    throw encrypted ? new WrongPassphrase() : new MalformedKey('it is damaged');
  }
}

/** OpenSSL also writes a curve as all its numbers, and would go on doing so; who reads its name finds none. */
function withNamedCurve(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'ec') return key;
  const curves = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
  if (!curves.has(key.asymmetricKeyDetails?.namedCurve ?? '')) return key;
  return createPrivateKey({ key: key.export({ format: 'jwk' }), format: 'jwk' });
}

/** Of a public key. DSA is no key to use any more, but one to name; Node tells its numbers in DER alone. */
export function dsaBlob(key: KeyObject): Buffer {
  const spki = children(key.export({ format: 'der', type: 'spki' }))[0];
  const [algorithm, point] = children(spki?.content ?? Buffer.alloc(0));
  const parameters = children(children(algorithm?.content ?? Buffer.alloc(0))[1]?.content ?? Buffer.alloc(0));
  // A bit string begins with the number of bits that do not count.
  const [y] = children(point?.content.subarray(1) ?? Buffer.alloc(0));
  const numbers = [...parameters, ...(y ? [y] : [])].map(({ content }) => content);
  return Buffer.concat([wireString('ssh-dss'), wireNumber(...numbers)]);
}

/** OpenSSL derives keys by 2,048 rounds, people who want more by up to a million. */
const mostRounds = 5_000_000;

/** A file may ask for 2³¹ rounds, which nothing could interrupt. scrypt has a bound of OpenSSL's own. */
function checkCost(pem: string): void {
  const der = Buffer.from(pem.replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64');
  const algorithm = children(children(der)[0]?.content ?? Buffer.alloc(0))[0];
  if (algorithm === undefined || largestInteger(algorithm.content, 0) > mostRounds) {
    throw new MalformedKey('it asks for too many rounds of its key derivation');
  }
}

interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
}

/** The values that stand one after the other in these bytes, as far as they make sense. */
function children(bytes: Buffer): DerValue[] {
  const found: DerValue[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const short = bytes[at + 1] ?? 0;
    const longBytes = short < 0x80 ? 0 : short & 0x7f;
    if (longBytes > 4 || at + 2 + longBytes > bytes.length) break;
    const length = longBytes === 0 ? short & 0x7f : bytes.readUIntBE(at + 2, longBytes);
    const start = at + 2 + longBytes;
    found.push({ tag: bytes[at] ?? 0, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}

function largestInteger(bytes: Buffer, depth: number): number {
  const sizes = children(bytes).map(({ tag, content }) => {
    if (tag === 0x02)
      return content.length > 6 ? Number.POSITIVE_INFINITY : content.readUIntBE(0, content.length || 1);
    return (tag & 0x20) !== 0 && depth < 6 ? largestInteger(content, depth + 1) : 0;
  });
  return Math.max(0, ...sizes);
}
