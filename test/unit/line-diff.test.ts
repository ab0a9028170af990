import { expect, test } from 'vitest';
import { lineDiff } from '../../src/core/text/line-diff.ts';

test.each([
  ['equal texts', 'a\nb\n', 'a\nb\n', []],
  ['a new text', undefined, 'a\nb\n', ['+a', '+b']],
  ['a text that goes', 'a\n', undefined, ['-a']],
  ['a line on top', 'a\nb\nc\n', 'x\na\nb\nc\n', ['+x', ' a', ' b']],
  ['a line in the middle', '1\n2\n3\n4\n5\n6\n', '1\n2\n3\nx\n5\n6\n', [' 2', ' 3', '-4', '+x', ' 5', ' 6']],
  ['a line at the end', 'a', 'a\nb', [' a', '+b']],
  ['repeated lines', 'a\na\n', 'a\na\na\n', [' a', ' a', '+a']],
])('%s', (_, before, after, lines) => {
  expect(lineDiff(before, after)).toEqual(lines);
});
