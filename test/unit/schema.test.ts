/** docs/schema/ and what holds answers against it. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commands } from '../../src/commands/index.ts';
import { published, schemas as strict } from '../../src/schema/index.ts';
import { answersOf, published as read } from '../../src/schema/published.ts';
import { checkJsonAnswer } from '../support/json-answers.ts';

const folder = join(import.meta.dirname, '../../docs/schema');
const error = { code: 'usage', message: 'no', exitCode: 2 };

const { schemas } = published;

test('docs/schema/ and what bai schema prints are as the sources have them: npm run docs:reference writes both', async () => {
  expect(await read()).toEqual(published);
  expect(readdirSync(folder).sort()).toEqual(schemas.map(({ name }) => `${name}.json`).sort());
  for (const { name, schema } of schemas)
    expect(readFileSync(join(folder, `${name}.json`), 'utf8')).toBe(
      `${JSON.stringify(schema, undefined, 2)}\n`,
    );
});

test('each command has a schema, but for the one whose answers are those of others', () => {
  const shown = commands.filter(({ hidden }) => hidden !== true).map(({ path }) => path);
  expect(shown.filter((path) => answersOf(path, schemas).length === 0)).toEqual(['sftp shell']);
});

test('whoever validates with docs/schema/ is not broken by new fields and new words', () => {
  for (const { schema } of schemas) {
    const text = JSON.stringify(schema);
    expect(text).toContain('"$id":"urn:bai:schema:1:');
    expect(text).not.toContain('"additionalProperties":false');
    expect(text.match(/"enum":\[[^\]]*\](?!\},\{"type":"string"\})/g)).toBeNull();
  }
});

test.each([
  ['an answer', ['--json', 'config', 'path'], { stdout: '{\n  "path": "/a"\n}\n', stderr: '' }],
  [
    'two of a shell',
    ['--json', 'sftp', 'demo'],
    { stdout: '{"text":"/"}\n{\n  "session": "d",\n  "from": "a",\n  "to": "b"\n}\n', stderr: '' },
  ],
  ['a list by another name', ['session', 'ps', '--json'], { stdout: '[]\n', stderr: '' }],
  ['an error', ['--json', 'nosuch'], { stdout: '', stderr: `${JSON.stringify({ error })}\n` }],
  ['what ssh prints', ['--json', 'ssh', 'demo', 'id'], { stdout: 'uid=0\n', stderr: 'hello\n' }],
  ['help', ['--json', 'session', '--help'], { stdout: 'Usage\n', stderr: '' }],
])('%s passes', (_, words, printed) => {
  expect(() => checkJsonAnswer(words, printed)).not.toThrow();
});

test.each([
  [
    'a field that is not in it',
    ['--json', 'config', 'path'],
    { stdout: '{"path":"/a","more":1}\n', stderr: '' },
  ],
  ['a field that is not there', ['--json', 'config', 'path'], { stdout: '{}\n', stderr: '' }],
  ['words', ['--json', 'config', 'path'], { stdout: '/a\n', stderr: '' }],
  ['half of it', ['--json', 'config', 'path'], { stdout: '{\n  "path": "/a"\n', stderr: '' }],
  ['that of another command', ['--json', 'session', 'list'], { stdout: '{"path":"/a"}\n', stderr: '' }],
  [
    'an error with something else',
    ['--json', 'config', 'path'],
    { stdout: '', stderr: `${JSON.stringify({ error: { ...error, surprise: 1 } })}\n` },
  ],
  [
    'an error with a code that is not in the table',
    ['--json', 'config', 'path'],
    { stdout: '', stderr: `${JSON.stringify({ error: { ...error, code: 'surprise' } })}\n` },
  ],
])('%s does not', (_, words, printed) => {
  expect(() => checkJsonAnswer(words, printed)).toThrow();
});

/** Parts of a larger answer, which the text before them says. */
const parts = [/^\{ "containers"/, /^"client": \{/];

test('every example of docs/json-output.md has the form of an answer, of an entry of one, or of a line on stderr', () => {
  const page = readFileSync(join(folder, '../json-output.md'), 'utf8');
  const blocks = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  const examples = blocks
    .filter((block) => !parts.some((part) => part.test(block)))
    .flatMap((block) =>
      /^\S.*\n\S/.test(block) && !/^[[{]\n/.test(block) ? block.trim().split('\n') : [block],
    );
  const isKnown = (value: unknown): boolean =>
    Object.values(strict).some(
      (schema) => schema.safeParse(value).success || schema.safeParse([value]).success,
    );
  expect(examples.length).toBeGreaterThan(30);
  expect(examples.filter((text) => !isKnown(JSON.parse(text)))).toEqual([]);
});
