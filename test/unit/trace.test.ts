import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../support/temp-folder.ts';
import { tracedCalls } from '../support/trace.ts';

test('a call that other threads cut into is one line again, and one that never ended is kept', () => {
  using folder = tempFolder();
  const file = join(folder.path, 'trace');
  const lines = [
    '7  openat(AT_FDCWD, "/a", O_WRONLY|O_CREAT, 0600 <unfinished ...>',
    '8  openat(AT_FDCWD, "/b", O_RDONLY) = 3',
    '8  fchmod(3, 0600 <unfinished ...>',
    '7  <... openat resumed>) = 4',
    '8  <... fchmod resumed>)             = 0',
    '8  mkdir("/c", 0700 <unfinished ...>',
    '8  +++ killed by SIGKILL +++',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  expect(tracedCalls(file)).toEqual([
    lines[1],
    '7  openat(AT_FDCWD, "/a", O_WRONLY|O_CREAT, 0600) = 4',
    '8  fchmod(3, 0600)             = 0',
    lines[6],
    '',
    '8  mkdir("/c", 0700',
  ]);
});
