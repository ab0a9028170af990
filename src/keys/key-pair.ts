/** A private key in memory, between the formats: Node's own object, and SSH's form of the public half. */

import { createECDH, createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { MalformedKey, WireReader, wireNumber, wireString } from './ssh-wire.ts';

export interface KeyPair {
  readonly privateKey: KeyObject;
  /** The public half, as SSH sends it. */
  readonly publicBlob: Buffer;
  readonly comment: string;
}

/** SSH's name, JSON's name and OpenSSL's name of each curve. */
const curves = [
  { ssh: 'nistp256', jwk: 'P-256', openssl: 'prime256v1', bytes: 32 },
  { ssh: 'nistp384', jwk: 'P-384', openssl: 'secp384r1', bytes: 48 },
  { ssh: 'nistp521', jwk: 'P-521', openssl: 'secp521r1', bytes: 66 },
] as const;

/** RSA keys above this are refused by OpenSSH too, and cost minutes. */
const mostRsaBits = 16_384;

/** Of a key type that SSH and all formats here have: RSA, ECDSA on three curves, Ed25519. */
export function keyPairOf(privateKey: KeyObject, comment: string): KeyPair {
  return { privateKey, publicBlob: publicBlobOf(createPublicKey(privateKey)), comment };
}

/** As SSH sends it. Throws a MalformedKey for types that SSH does not know. */
export function publicBlobOf(key: KeyObject): Buffer {
  const type = key.asymmetricKeyType;
  if (type !== 'rsa' && type !== 'ec' && type !== 'ed25519') {
    throw new MalformedKey(`it is of the type ${type ?? 'secret'}, which cannot be used here`);
  }
  const { namedCurve } = key.asymmetricKeyDetails ?? {};
  const curve = curves.find(({ openssl }) => openssl === namedCurve);
  if (type === 'ec' && curve === undefined) {
    throw new MalformedKey(`it is on the curve ${namedCurve}, which SSH does not know`);
  }
  const { n, e, x, y } = key.export({ format: 'jwk' });
  if (type === 'rsa') return Buffer.concat([wireString('ssh-rsa'), wireNumber(bytesOf(e), bytesOf(n))]);
  if (curve === undefined) return wireString('ssh-ed25519', bytesOf(x));
  const point = Buffer.concat([Buffer.of(4), bytesOf(x), bytesOf(y)]);
  return wireString(`ecdsa-sha2-${curve.ssh}`, curve.ssh, point);
}

/** The private half as PuTTY orders it: RSA d, p, q, q⁻¹ mod p; ECDSA the number; Ed25519 the seed. */
export function privateNumbers({ privateKey }: KeyPair): Buffer {
  const { d, p, q, qi } = privateKey.export({ format: 'jwk' });
  if (privateKey.asymmetricKeyType === 'ed25519') return wireString(bytesOf(d));
  if (privateKey.asymmetricKeyType === 'ec') return wireNumber(bytesOf(d));
  return wireNumber(bytesOf(d), bytesOf(p), bytesOf(q), bytesOf(qi));
}

/** The reverse of `privateNumbers`; both halves must belong together. Bytes behind them are padding. */
export function keyPairFrom(publicBlob: Buffer, numbers: Buffer, comment: string): KeyPair {
  const type = new WireReader(publicBlob).string().toString('latin1');
  const read = readers.get(type);
  if (read === undefined) throw new MalformedKey('it is of a type that bai cannot convert');
  const jwk = read(publicBlob, new WireReader(numbers));
  const pair = keyPairOf(importJwk(jwk), comment);
  if (!pair.publicBlob.equals(publicBlob)) throw new MalformedKey('its halves do not belong together');
  return pair;
}

const readers: ReadonlyMap<string, (blob: Buffer, numbers: WireReader) => JsonWebKey> = new Map([
  ['ssh-rsa', readRsa],
  ['ssh-ed25519', readEd25519],
  ...curves.map((curve) => [`ecdsa-sha2-${curve.ssh}`, readEcdsa(curve)] as const),
]);

function readRsa(blob: Buffer, numbers: WireReader): JsonWebKey {
  const open = new WireReader(blob);
  open.string();
  const [e, n] = [open.number(), open.number()];
  const [d, p, q, qi] = [numbers.number(), numbers.number(), numbers.number(), numbers.number()];
  if ([n, e, d, p, q, qi].some(({ length }) => length === 0 || length > mostRsaBits / 8)) {
    throw new MalformedKey('a number in it does not have the size of an RSA key');
  }
  const [E, N, D, P, Q, QI] = [
    toInteger(e),
    toInteger(n),
    toInteger(d),
    toInteger(p),
    toInteger(q),
    toInteger(qi),
  ];
  const [P1, Q1] = [P - 1n, Q - 1n];
  // OpenSSL does not check whether they belong together, and signs wrongly when they do not.
  if (
    P1 === 0n ||
    Q1 === 0n ||
    P * Q !== N ||
    (D * E) % P1 !== 1n ||
    (D * E) % Q1 !== 1n ||
    (QI * Q) % P !== 1n
  ) {
    throw new MalformedKey('its numbers do not belong together');
  }
  const primes = { dp: text(toBytes(D % P1)), dq: text(toBytes(D % Q1)), qi: text(qi) };
  return { kty: 'RSA', n: text(n), e: text(e), d: text(d), p: text(p), q: text(q), ...primes };
}

function readEcdsa(curve: (typeof curves)[number]) {
  return (blob: Buffer, numbers: WireReader): JsonWebKey => {
    const open = new WireReader(blob);
    open.string();
    const name = open.string().toString('latin1');
    const point = open.string();
    const number = numbers.number();
    if (name !== curve.ssh || point.length !== 1 + 2 * curve.bytes || number.length > curve.bytes) {
      throw new MalformedKey('a number in it does not have the size of its curve');
    }
    const d = Buffer.concat([Buffer.alloc(curve.bytes - number.length), number]);
    if (!curvePoint(curve.openssl, d).equals(point))
      throw new MalformedKey('its halves do not belong together');
    const [x, y] = [point.subarray(1, 1 + curve.bytes), point.subarray(1 + curve.bytes)];
    return { kty: 'EC', crv: curve.jwk, x: text(x), y: text(y), d: text(d) };
  };
}

function curvePoint(curve: string, number: Buffer): Buffer {
  const half = createECDH(curve);
  try {
    half.setPrivateKey(number);
  } catch {
    throw new MalformedKey('a number in it is not on its curve');
  }
  return half.getPublicKey();
}

function readEd25519(blob: Buffer, numbers: WireReader): JsonWebKey {
  const open = new WireReader(blob);
  open.string();
  const x = open.string();
  const seed = numbers.string();
  // PuTTY takes it for a little-endian number, whose last bytes older releases left out when they were 0.
  if (x.length !== 32 || seed.length > 32)
    throw new MalformedKey('a number in it does not have the size of Ed25519');
  return {
    kty: 'OKP',
    crv: 'Ed25519',
    x: text(x),
    d: text(Buffer.concat([seed, Buffer.alloc(32 - seed.length)])),
  };
}

/** What OpenSSL says of a key it refuses may hold parts of it, and goes no further. */
function importJwk(key: JsonWebKey): KeyObject {
  try {
    return createPrivateKey({ key, format: 'jwk' });
  } catch {
    throw new MalformedKey('its numbers do not make a key');
  }
}

function bytesOf(number: string | undefined): Buffer {
  return Buffer.from(number ?? '', 'base64url');
}

function text(bytes: Buffer): string {
  return bytes.toString('base64url');
}

function toInteger(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}

function toBytes(number: bigint): Buffer {
  const digits = number.toString(16);
  return Buffer.from(digits.length % 2 === 1 ? `0${digits}` : digits, 'hex');
}
