/** Dictionaries of texts as Python prints them. */

import { expect, test } from 'vitest';
import { readPythonTexts } from '../../src/providers/backend-ai/session/python-texts.ts';

test.each<[string, Record<string, string> | undefined]>([
  ['{}', {}],
  [`{'A': "b'c é\\n", 'B': 'x"y'}`, { A: "b'c é\n", B: 'x"y' }],
  [String.raw`{'A': 'it\'s "so"', 'B': 'a\\n'}`, { A: 'it\'s "so"', B: 'a\\n' }],
  [String.raw`{'A': '\x1b\u200b\U0001f600\t'}`, { A: '\x1b\u200b\u{1f600}\t' }],
  [`{'A': ', ', 'B': ': '}`, { A: ', ', B: ': ' }],
  [`{'__proto__': 'x'}`, Object.fromEntries([['__proto__', 'x']])],
  ['None', undefined],
  [`{'A': 1}`, undefined],
  [`{'A'}`, undefined],
  [`{'A': 'b', }`, undefined],
  [`{'A': 'b'`, undefined],
  ['', undefined],
])('%s', (text, expected) => {
  expect(readPythonTexts(text)).toEqual(expected);
});
