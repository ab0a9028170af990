import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { randomart } from '../../src/core/keys/randomart.ts';
import { keyPairOf } from '../../src/keys/key-pair.ts';
import { describePublicKey, publicLine } from '../../src/keys/public-key.ts';
import { makeKey } from '../support/key-programs.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('the picture is that of ssh-keygen, for many keys', () => {
  using folder = tempFolder();
  const file = join(folder.path, 'keys');
  const blobs = Array.from({ length: 300 }, (_, at) =>
    at % 2 === 0
      ? keyPairOf(makeKey('ed25519'), '').publicBlob
      : keyPairOf(makeKey('ecdsa 384'), '').publicBlob,
  );
  writeFileSync(file, blobs.map((blob) => `${publicLine({ blob, comment: '' })}\n`).join(''));
  const said = execFileSync('ssh-keygen', ['-l', '-v', '-f', file], { encoding: 'utf8' });
  const pictures = blobs.flatMap((blob) => {
    const { sha256, algorithm, bits } = describePublicKey(blob);
    return randomart(Buffer.from(sha256.slice(7), 'base64'), `${algorithm} ${bits}`, 'SHA256');
  });
  expect(said.split('\n').filter((line) => /^[+|]/.test(line))).toEqual(pictures);
});
