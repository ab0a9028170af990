/** New key pairs, by Node's crypto. */

import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { type KeyPair, keyPairOf } from './key-pair.ts';

const generate = promisify(generateKeyPair);

export interface NewPair {
  readonly type: 'ed25519' | 'rsa' | 'ecdsa';
  /** Nothing means the usual: RSA 4096, ECDSA 256. Ed25519 has one size. */
  readonly bits: number | undefined;
}

export async function makePair(wanted: NewPair, comment: string): Promise<KeyPair> {
  return keyPairOf(await makePrivateKey(wanted), comment);
}

async function makePrivateKey({ type, bits }: NewPair): Promise<KeyObject> {
  if (type === 'rsa') return (await generate('rsa', { modulusLength: bits ?? 4096 })).privateKey;
  if (type === 'ecdsa') return (await generate('ec', { namedCurve: `P-${bits ?? 256}` })).privateKey;
  return (await generate('ed25519')).privateKey;
}
