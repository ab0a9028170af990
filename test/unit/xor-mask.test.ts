/** The masking that the bundle puts in the place of ws's own. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mask, unmask } from '../../src/providers/backend-ai/tunnel/xor-mask.ts';

const key = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Buffer.from(bytes));
const content = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));

/** A view that begins anywhere in its memory, as those cut out of larger buffers do. */
function shifted(bytes: Buffer, by: number): Buffer {
  const whole = Buffer.alloc(bytes.length + by);
  bytes.copy(whole, by);
  return whole.subarray(by);
}

test('every byte is combined with the key’s byte of its place, wherever the bytes lie in memory', () => {
  fc.assert(
    fc.property(content, key, fc.nat(7), fc.nat(14), (bytes, mark, shift, offset) => {
      const output = shifted(Buffer.alloc(offset + bytes.length), shift);
      mask(shifted(bytes, shift), mark, output, offset, bytes.length);
      const expected = bytes.map((byte, index) => byte ^ (mark[index % 4] ?? 0));
      expect(output.subarray(offset).equals(expected)).toBe(true);
      expect(output.subarray(0, offset).every((byte) => byte === 0)).toBe(true);
    }),
  );
});

test('the source stays as it is, and unmasking gives it back', () => {
  fc.assert(
    fc.property(content, key, fc.nat(7), (bytes, mark, shift) => {
      const source = shifted(bytes, shift);
      const output = Buffer.alloc(bytes.length);
      mask(source, mark, output, 0, bytes.length);
      expect(source.equals(bytes)).toBe(true);
      unmask(output, mark);
      expect(output.equals(bytes)).toBe(true);
    }),
  );
});

test('masking in place', () => {
  const bytes = Buffer.from('in place');
  mask(bytes, Buffer.from([1, 2, 3, 4]), bytes, 0, bytes.length);
  unmask(bytes, Buffer.from([1, 2, 3, 4]));
  expect(bytes.toString()).toBe('in place');
});
