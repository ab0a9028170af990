import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from '../../src/core/text/json.ts';

test('what JSON.parse reads is read, up to a depth that no answer has', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 20 }), (text) => {
      expect(parseJson(text)).toEqual(JSON.parse(text));
    }),
  );
});

test.each([
  ['brackets', `${'['.repeat(201)}${']'.repeat(201)}`],
  ['braces', `${'{"a":'.repeat(201)}1${'}'.repeat(201)}`],
  ['20,000 of them', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
  ['those that never close', '['.repeat(5_000_000)],
])('nested too deep by %s is no JSON', (_what, text) => {
  expect(parseJson(text)).toBeUndefined();
});

test.each([
  ['200 deep', `${'['.repeat(200)}${']'.repeat(200)}`],
  ['wide', `[${'[],'.repeat(5_000)}[]]`],
  ['brackets in strings', JSON.stringify(['['.repeat(5_000), '\\"[{'.repeat(300), '\\\\'])],
  ['a long string', JSON.stringify('x'.repeat(5_000_000))],
])('%s is read', (_what, text) => {
  expect(parseJson(text)).toEqual(JSON.parse(text));
});

test.each(['"', '"\\', '{"a', '["a\\"', ']', '', 'nul'])('%j is no JSON', (text) => {
  expect(parseJson(text)).toBeUndefined();
});
