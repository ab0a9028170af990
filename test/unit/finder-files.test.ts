/** What macOS puts into folders by itself. */

import { expect, test } from 'vitest';
import { filterOnMac } from '../../src/commands/sftp/transfer-flags.ts';
import { withoutFinderFiles } from '../../src/core/sftp/finder-files.ts';
import { type PathRule, pathFilter } from '../../src/core/sftp/path-filter.ts';
import { defaultTransferOptions } from '../../src/core/sftp/transfer-options.ts';

const paths = ['a', '.DS_Store', 'sub/.DS_Store', 'sub/._a', '._', 'x._y', '.DS_Store2', 'out.o'];

function taken(rules: readonly PathRule[], { all = false, isMac = true } = {}) {
  const options = { ...defaultTransferOptions, accepts: pathFilter(rules) };
  const { counting, said } = withoutFinderFiles(options, filterOnMac(all, rules), { isMac });
  return { paths: paths.filter((path) => counting.accepts(path, false)), said: said() };
}

test('on macOS they are left out, and said once with their count', () => {
  expect(taken([])).toEqual({
    paths: ['a', 'x._y', '.DS_Store2', 'out.o'],
    said: "4 files of macOS's own (.DS_Store, ._*) left out; --all takes them, too",
  });
});

test('with --all, and on other systems, they take part', () => {
  expect(taken([], { all: true })).toEqual({ paths, said: undefined });
  expect(taken([], { isMac: false })).toEqual({ paths, said: undefined });
});

test('a rule of the user counts before, and what it leaves out is not counted here', () => {
  const include: PathRule = { action: 'include', pattern: '._*' };
  expect(taken([include]).paths).toContain('sub/._a');
  expect(taken([{ action: 'exclude', pattern: 'sub/*' }]).said).toMatch(/^2 files/);
});
