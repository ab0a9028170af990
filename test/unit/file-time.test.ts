import fc from 'fast-check';
import { expect, test } from 'vitest';
import { haveSameTime, isTelling, sentSecond } from '../../src/core/sftp/file-time.ts';
import { chooseReplacement } from '../../src/transfer/engine/if-exists.ts';

/** From the year 1700 to 2300, with fractions. */
const anyTime = fc.double({ min: -8.5e9, max: 1.05e10, noNaN: true }).map((time) => time + 0);
const uint32 = fc.nat(2 ** 32 - 1);

test('what is sent is the second itself, and never another one', () => {
  fc.assert(
    fc.property(anyTime, (time) => {
      const sent = sentSecond(time);
      const second = Math.floor(time);
      expect(sent).toBe(second >= 0 && second < 2 ** 32 ? second : undefined);
      // As a field of 32 bits holds it.
      if (sent !== undefined) expect(sent >>> 0).toBe(sent);
    }),
  );
});

test.each([
  [-1, undefined],
  [-0.5, undefined],
  [0, 0],
  [0.9, 0],
  [2 ** 32 - 0.5, 2 ** 32 - 1],
  [2 ** 32, undefined],
])('%d seconds are sent as %s', (time, sent) => {
  expect(sentSecond(time)).toBe(sent);
});

test('a time that was cut to 32 bits is never told from its file by its time alone', () => {
  fc.assert(
    fc.property(anyTime, (time) => {
      const second = Math.floor(time);
      const cut = second >>> 0;
      if (cut === second || isTelling(cut)) return;
      expect(haveSameTime(time, cut)).toBeUndefined();
      expect(haveSameTime(cut, time)).toBeUndefined();
    }),
  );
});

test('times that every server and disk keeps tell two files from each other, but for the second that a FAT disk drops', () => {
  const usual = fc.integer({ min: 1, max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(usual, usual, fc.double({ min: 0, max: 0.999, noNaN: true }), (one, other, fraction) => {
      const distance = Math.abs(one - other);
      const expected = distance === 0 ? true : distance === 1 ? undefined : false;
      expect(haveSameTime(one + fraction, other)).toBe(expected);
    }),
  );
});

test('newer keeps a file only when both times are sure, and replaces it only when the source is newer for sure', () => {
  fc.assert(
    fc.property(anyTime, uint32, (source, existing) => {
      const { choice } = chooseReplacement({
        source: { size: 1, modifiedAt: source },
        existing: { path: 'x', size: 1, modifiedAt: existing },
        ifExists: 'newer',
      });
      const isSure = isTelling(Math.floor(source)) && isTelling(existing);
      if (choice === 'replace') expect(isSure && Math.floor(source) > existing).toBe(true);
      if (choice === 'keep')
        expect(Math.floor(source) === existing || (isSure && source < existing)).toBe(true);
    }),
  );
});
