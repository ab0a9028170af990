import { getCiphers } from 'node:crypto';
import { expect, test } from 'vitest';
import { strongCiphers, usableCiphers } from '../../src/core/ssh/link-tuning.ts';

test('a runtime without ChaCha20 is asked for the others, and Node for all', () => {
  expect(usableCiphers(strongCiphers, ['aes-128-gcm', 'aes-256-ctr'])).toEqual(
    strongCiphers.filter((cipher) => !cipher.startsWith('chacha20')),
  );
  expect(usableCiphers(strongCiphers, getCiphers())).toEqual([...strongCiphers]);
});

test('a list that would be empty stays, so that it is said what is missing', () => {
  expect(usableCiphers(['chacha20-poly1305@openssh.com'], [])).toEqual(['chacha20-poly1305@openssh.com']);
});
