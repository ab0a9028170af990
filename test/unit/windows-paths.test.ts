/** Pieces that are for Windows alone, on whatever system the tests run. */

import { expect, test } from 'vitest';
import { windowsShell } from '../../src/emulator/machine/windows-shell.ts';
import { onItsDrive } from '../../src/files/user-path.ts';
import { attributesOf } from '../../src/transfer/local/local-source.ts';

const currentFolders: Readonly<Record<string, string>> = { 'C:': 'C:\\work\\tree', 'd:': 'd:\\' };

test.each([
  ['C:', 'C:\\work\\tree'],
  ['C:x', 'C:\\work\\tree\\x'],
  ['C:x\\.', 'C:\\work\\tree\\x\\.'],
  ['d:x/', 'd:\\x/'],
  ['d:', 'd:\\'],
  ['C:\\', 'C:\\'],
  ['C:/x', 'C:/x'],
  ['x', 'x'],
  ['\\\\server\\share\\C:', '\\\\server\\share\\C:'],
  ['', ''],
])('the path %s is %s where drives have current folders', (path, whole) => {
  expect(onItsDrive(path, (drive) => currentFolders[drive] ?? '')).toBe(whole);
});

test('a file of Windows is sent with its times and without the modes that Node makes up there', () => {
  const found = { mode: 0o100666, atimeMs: 1_500, mtimeMs: 2_500 };
  expect(attributesOf(found, 'win32')).toEqual({ accessedAt: 1.5, modifiedAt: 2.5 });
  expect(attributesOf(found, 'linux')).toEqual({ mode: 0o100666, accessedAt: 1.5, modifiedAt: 2.5 });
});

const own = { SystemRoot: 'D:\\Windows', PATH: 'D:\\bin', SECRET: 'x', PATHEXT: '.EXE' };

test('a command of a session on Windows is run by cmd.exe of the system, as it was typed', () => {
  const request = { user: 'work', folder: 'C:\\homes\\1', environment: { LANG: 'C' } };
  const command = 'echo "a b" & exit 3';
  expect(windowsShell({ ...request, command }, own)).toEqual({
    program: 'D:\\Windows\\System32\\cmd.exe',
    args: ['/d', '/s', '/c', '"echo "a b" & exit 3"'],
    env: {
      ...{ SystemRoot: 'D:\\Windows', PATH: 'D:\\bin', PATHEXT: '.EXE', LANG: 'C' },
      ...{ ComSpec: 'D:\\Windows\\System32\\cmd.exe', HOME: 'C:\\homes\\1', USERPROFILE: 'C:\\homes\\1' },
      ...{ USERNAME: 'work', USER: 'work' },
    },
  });
  expect(windowsShell({ ...request, command: undefined }, own).args).toEqual(['/d', '/q']);
});
