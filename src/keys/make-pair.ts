/** New key pairs, by Node's crypto. */

import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { type KeyPair, keyPairOf } from './key-pair.ts';
import { leaveSignalsToSystem } from './system-signals.ts';

const generate = promisify(generateKeyPair);

interface NewPair {
  readonly type: 'ed25519' | 'rsa' | 'ecdsa';
  /** Nothing means the usual: RSA 4096, ECDSA 256. Ed25519 has one size. */
  readonly bits: number | undefined;
}

export async function makePair(wanted: NewPair, comment: string): Promise<KeyPair> {
  // A long RSA key takes minutes, and Node waits for its threads before it ends.
  using _signals = leaveSignalsToSystem();
  return keyPairOf(await makePrivateKey(wanted), comment);
}

/**
 * By way of bytes: Node 20 waits for itself for ever when it asks a key for its details, and the garbage collector takes away
 * the job that made that very key in the middle of it.
 */
const publicKeyEncoding = { type: 'spki', format: 'der' } as const;
const privateKeyEncoding = { type: 'pkcs8', format: 'der' } as const;

async function makePrivateKey({ type, bits }: NewPair): Promise<KeyObject> {
  const { privateKey } = await makeBytes(type, bits);
  return createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' });
}

function makeBytes(type: NewPair['type'], bits: number | undefined): Promise<{ privateKey: Buffer }> {
  switch (type) {
    case 'rsa':
      return generate('rsa', { modulusLength: bits ?? 4096, publicKeyEncoding, privateKeyEncoding });
    case 'ecdsa':
      return generate('ec', { namedCurve: `P-${bits ?? 256}`, publicKeyEncoding, privateKeyEncoding });
    case 'ed25519':
      return generate('ed25519', { publicKeyEncoding, privateKeyEncoding });
  }
}
