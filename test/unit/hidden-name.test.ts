import { basename, dirname } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { remotePath } from '../../src/core/sftp/remote-path.ts';
import { isUnfinished } from '../../src/core/sftp/transfer-plan.ts';
import { hiddenName } from '../../src/files/hidden-name.ts';
import { besidePath } from '../../src/files/whole-file.ts';
import { journalName, partName } from '../../src/transfer/engine/part-name.ts';
import { remotePartPath } from '../../src/transfer/remote/remote-part.ts';

/** All names of up to 255 bytes that are text. */
const names = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 255 }),
    fc.string({
      unit: fc.constantFrom('a', '\u00e9', '\u20ac', '\u{1f600}', '.', '-'),
      minLength: 1,
      maxLength: 255,
    }),
  )
  .filter((name) => !/[/\0]/.test(name) && Buffer.byteLength(name) <= 255 && name !== '.' && name !== '..');

const derived = (name: string): string[] => [
  partName(name),
  journalName(name),
  hiddenName(journalName(name), '.bai-lock'),
  hiddenName(journalName(name), '.bai-new'),
  basename(remotePartPath(name)),
  basename(remotePartPath(name, 3)),
  basename(besidePath(`/folder/${name}`, 'new')),
  basename(besidePath(`/folder/${name}`, 'old')),
];

test('whatever a file is called, what stands beside it has a hidden name of its own that every disk takes', () => {
  fc.assert(
    fc.property(names, (name) => {
      const all = derived(name);
      for (const each of all) {
        expect(Buffer.byteLength(each)).toBeLessThanOrEqual(143);
        expect(each.startsWith('.')).toBe(true);
        expect(each).not.toBe(name);
        // Nothing was cut in the middle of a character.
        expect(Buffer.from(each).toString()).toBe(each);
      }
      expect(all.slice(0, 6).every(isUnfinished)).toBe(true);
      expect(dirname(besidePath(`/folder/${name}`, 'new'))).toBe('/folder');
    }),
    { numRuns: 2_000 },
  );
});

test('two long names that begin alike do not share what stands beside them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 60, max: 250 }), (length) => {
      const [one, other] = ['x', 'y'].map((end) => derived('n'.repeat(length) + end).slice(0, 6));
      for (const [index, each] of (one ?? []).entries()) expect(each).not.toBe(other?.[index]);
      const start = (end: string): string =>
        basename(besidePath('n'.repeat(length) + end, 'new')).slice(0, -16);
      expect(start('x')).not.toBe(start('y'));
    }),
  );
});

test('a path of a session means the same when it has been read already', () => {
  const path = fc.string({ unit: fc.constantFrom('~', '/', '.', 'a', '\n'), maxLength: 8 });
  fc.assert(
    fc.property(path, (written) => {
      expect(remotePath(remotePath(written))).toBe(remotePath(written));
    }),
    { numRuns: 2_000 },
  );
});
