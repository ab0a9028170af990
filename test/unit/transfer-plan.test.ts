import { expect, test } from 'vitest';
import {
  isUnfinished,
  placeSource,
  sharedName,
  type TransferSource,
  type TransferTarget,
} from '../../src/core/sftp/transfer-plan.ts';
import { ConflictError, UsageError } from '../../src/errors.ts';

const file: TransferSource = { path: 'a/file', name: 'file', kind: 'file' };
const folder: TransferSource = { path: 'a/folder', name: 'folder', kind: 'folder' };
const contents: TransferSource = { path: '.', name: undefined, kind: 'folder' };

function target(state: TransferTarget['state'], meansFolder = false): TransferTarget {
  return { path: 'target', state, meansFolder };
}

test('an existing folder takes files and folders in under their names', () => {
  for (const meansFolder of [false, true]) {
    const there = target('folder', meansFolder);
    expect(placeSource(file, there)).toEqual({ place: 'inside', name: 'file', createFolder: false });
    expect(placeSource(folder, there)).toEqual({ place: 'inside', name: 'folder', createFolder: false });
  }
});

test('a folder without a name of its own puts its contents into the target', () => {
  expect(placeSource(contents, target('folder'))).toEqual({ place: 'as' });
  expect(placeSource(contents, target('missing'))).toEqual({ place: 'as' });
  expect(placeSource(contents, target('missing', true))).toEqual({ place: 'as' });
});

test('a missing target becomes the source, and with a slash at its end a folder around it', () => {
  expect(placeSource(file, target('missing'))).toEqual({ place: 'as' });
  expect(placeSource(folder, target('missing'))).toEqual({ place: 'as' });
  expect(placeSource(file, target('missing', true))).toEqual({
    place: 'inside',
    name: 'file',
    createFolder: true,
  });
  expect(placeSource(folder, target('missing', true))).toEqual({
    place: 'inside',
    name: 'folder',
    createFolder: true,
  });
});

test('a file as target is replaced by a file and by nothing else', () => {
  expect(placeSource(file, target('file'))).toEqual({ place: 'as' });
  expect(() => placeSource(file, target('file', true))).toThrow(ConflictError);
  expect(() => placeSource(folder, target('file'))).toThrow(ConflictError);
  expect(() => placeSource(contents, target('file'))).toThrow(ConflictError);
});

test('a file without a name needs one', () => {
  const nameless: TransferSource = { path: 'x/..', name: undefined, kind: 'file' };
  expect(() => placeSource(nameless, target('folder'))).toThrow(UsageError);
});

test('a name that two sources share is found', () => {
  expect(sharedName(['a', 'b', undefined, undefined])).toBeUndefined();
  expect(sharedName(['a', 'b', 'a'])).toBe('a');
});

test('what a transfer or a speed test has begun and not ended is known by its name', () => {
  for (const name of [
    '.a.bai-part',
    '.a.bai-journal',
    '..a.bai-journal.bai-lock',
    '..a.bai-journal.bai-new',
    '.bai-speedtest-0123456789ab',
  ])
    expect(isUnfinished(name)).toBe(true);
  for (const name of [
    'a.bai-part',
    '.bai-part',
    '.bai-speedtest-',
    '.bai-speedtest-0123456789ab.txt',
    'bai-speedtest-0123456789ab',
  ])
    expect(isUnfinished(name)).toBe(false);
});
