import { expect, test } from 'vitest';
import { isTotpCode, totpCode } from '../../src/emulator/console/totp.ts';

/** `12345678901234567890` of RFC 6238, whose codes have eight digits: these are the last six. */
const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

test.each([
  [59, '287082'],
  [1111111109, '081804'],
  [1111111111, '050471'],
  [1234567890, '005924'],
  [2000000000, '279037'],
  [20000000000, '353130'],
])('the code at %i s is that of RFC 6238', (seconds, code) => {
  expect(totpCode(secret, seconds * 1000)).toBe(code);
});

test('a code is right in its own 30 seconds and the next, and with any spelling of the secret', () => {
  const at = 1_111_111_109_000;
  expect(
    [at, at + 30_000, at + 60_000, at - 30_000].map((time) => isTotpCode(secret, '081804', time)),
  ).toEqual([true, true, false, false]);
  expect(totpCode('gezd gnbv gy3t qojq gezd gnbv gy3t qojq', at)).toBe('081804');
});
