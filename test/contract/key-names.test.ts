/** Key files under every name that a disk takes: with what is added to it, or refused before anything is made. */

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { useKeyHome } from '../support/key-home.ts';
import { filesIn } from './app-bed.ts';

const home = useKeyHome();
const { at, key } = home;

const odd = [
  '-x',
  ' a',
  'a ',
  'a\nb',
  '~',
  '*',
  'a:b',
  "o'b",
  '\u00e9',
  '\u{1f600}'.repeat(61),
  `${'\u20ac'.repeat(83)}ab`,
  'a'.repeat(251),
];

describe('key generate --output', () => {
  test.each(odd.map((name) => [JSON.stringify(name).slice(0, 20), Buffer.byteLength(name), name]))(
    'makes %s (%i bytes) with what goes beside it',
    async (_, __, name) => {
      const made = await key(['generate', '--no-passphrase', '--ppk', `--output=${at(name)}`]);
      expect(made.code, made.stderr).toBe(0);
      expect(filesIn(home.ssh).sort()).toEqual([name, `${name}.ppk`, `${name}.pub`].sort());
    },
  );

  test.each([252, 255])(
    'a name of %i bytes has no room for .pub: refused, and nothing is made',
    async (length) => {
      const refused = await key([
        'generate',
        '--no-passphrase',
        '--json',
        '--output',
        at('k'.repeat(length)),
      ]);
      expect(refused.code).toBe(2);
      expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'name-too-long' } });
      expect(refused.stderr).toContain('.pub');
      expect(filesIn(home.ssh)).toEqual([]);
    },
  );
});

describe('key convert', () => {
  const longest = 'k'.repeat(255);

  test('reads a key whose name has 255 bytes, and writes one', async () => {
    await key(['generate', '--no-passphrase', '--output', at('k')]);
    copyFileSync(at('k'), at(longest));
    const output = at('o'.repeat(255));
    const made = await key(['convert', at(longest), '--to', 'ppk', '--output', output]);
    expect(made).toMatchObject({ code: 0, stdout: `${output}\n` });
    expect(readFileSync(output, 'utf8')).toMatch(/^PuTTY-User-Key-File-/);
    const again = await key(['convert', output, '--to', 'pkcs8', '--force', '--output', output]);
    expect(again.code, again.stderr).toBe(0);
    expect(filesIn(home.ssh).sort()).toEqual(['k', 'k.pub', longest, 'o'.repeat(255)].sort());
    for (const command of [['show', at(longest)], ['list']]) expect((await key(command)).code).toBe(0);
  });

  test('a name that has no room for the ending is refused, and --output is named', async () => {
    await key(['generate', '--no-passphrase', '--output', at('k')]);
    writeFileSync(at(longest), readFileSync(at('k')), { mode: 0o600 });
    const refused = await key(['convert', at(longest), '--to', 'ppk']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('--output');
    expect(filesIn(home.ssh).sort()).toEqual(['k', 'k.pub', longest].sort());
  });
});
