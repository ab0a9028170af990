/** Numbers that begin with zeros, or with a set bit: writers of keys drop or add bytes there, for one key in some hundred. */

import { createPrivateKey, createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type KeyFormat, openKey, writeKey } from '../../src/keys/key-formats.ts';
import { keyPairOf } from '../../src/keys/key-pair.ts';
import { publicLine } from '../../src/keys/public-key.ts';
import { makeKey, publicLineBySshKeygen, puttygen, puttyMissing } from '../support/key-programs.ts';

function ed25519(seed: Buffer): KeyObject {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

/** The first key of many whose number has the wished-for beginning. */
function found(make: () => KeyObject, name: 'x' | 'y' | 'd', fits: (first: number) => boolean): KeyObject {
  for (;;) {
    const key = make();
    const number = key.export({ format: 'jwk' })[name] ?? '';
    if (fits(Buffer.from(number, 'base64url')[0] ?? -1)) return key;
  }
}

const isZero = (first: number): boolean => first === 0;
const newEd25519 = (): KeyObject => ed25519(randomBytes(32));
const newP256 = (): KeyObject => makeKey('ecdsa 256');
const newP521 = (): KeyObject => makeKey('ecdsa 521');

const keys: Readonly<Record<string, () => KeyObject>> = {
  'Ed25519, seed from 00': () => ed25519(Buffer.concat([Buffer.alloc(1), randomBytes(31)])),
  'Ed25519, seed from 00 00': () => ed25519(Buffer.concat([Buffer.alloc(2), randomBytes(30)])),
  'Ed25519, seed to 00 00': () => ed25519(Buffer.concat([randomBytes(30), Buffer.alloc(2)])),
  'Ed25519, seed from ff': () => ed25519(Buffer.concat([Buffer.of(0xff), randomBytes(31)])),
  'Ed25519, public half from 00': () => found(newEd25519, 'x', isZero),
  'Ed25519, public half from 80': () => found(newEd25519, 'x', (first) => first >= 0x80),
  'P-256, d from 00': () => found(newP256, 'd', isZero),
  'P-256, d from 80': () => found(newP256, 'd', (first) => first >= 0x80),
  'P-256, x from 00': () => found(newP256, 'x', isZero),
  'P-256, y from 00': () => found(newP256, 'y', isZero),
  'P-521, d from 00': () => found(newP521, 'd', isZero),
  'P-521, x from 00': () => found(newP521, 'x', isZero),
  'P-521, d from 01': () => found(newP521, 'd', (first) => first === 1),
};

describe.each(Object.keys(keys))('%s', (name) => {
  const pair = keyPairOf(keys[name]?.() ?? newEd25519(), 'me');
  const line = publicLine({ blob: pair.publicBlob, comment: '' });
  const formats: readonly KeyFormat[] = name.startsWith('P-')
    ? ['ppk', 'openssh', 'pem', 'pkcs8']
    : ['ppk', 'openssh', 'pkcs8'];

  test.each(formats)('%s keeps every byte', async (format) => {
    for (const passphrase of [undefined, Buffer.from('words')]) {
      const written = await writeKey(pair, { format, ppkVersion: 2, passphrase });
      const back = await openKey(written, 'it', passphrase);
      expect(back.privateKey.equals(pair.privateKey)).toBe(true);
      expect(createPublicKey(back.privateKey).equals(createPublicKey(pair.privateKey))).toBe(true);
    }
    const plain = await writeKey(pair, { format, passphrase: undefined });
    if (format === 'ppk') {
      if (puttyMissing) return;
      expect((await puttygen(plain, undefined, '-L')).toString()).toContain(line);
      const openssh = await puttygen(plain, undefined, '-O', 'private-openssh-new');
      expect((await openKey(openssh, 'it')).privateKey.equals(pair.privateKey)).toBe(true);
    } else if (format !== 'pkcs8' || name.startsWith('P-')) {
      expect(await publicLineBySshKeygen(plain, undefined)).toBe(line);
    }
  });
});
