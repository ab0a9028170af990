/** What the built command shows of names that would change a terminal. */

import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmulatorBed, openEmulator } from '../contract/app-bed.ts';
import { launcher } from '../support/bai.ts';
import { openTerminal } from '../support/terminal.ts';

/** Fetched as they are, but never shown raw. */
const bidi = [
  '\u202egnp.exe',
  'left\u2066right',
  'zero\u200bwidth',
  'tag\u{e0041}ged',
  'soft\u00adhyphen',
  'hangul\u3164filler',
  'line\u2028separator',
];
const refused = ['line\nbreak', '\u001b[2Jred', 'c1\u009b31m', 'back\bspace'];
/** But for what bai's own colours, cursor, lines and fields are made of. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
const raw = /(?![\t\n\r\x1b])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/u;

let bed: EmulatorBed;
beforeAll(async () => {
  bed = await openEmulator();
  await bed.create('demo');
  await mkdir(join(bed.home, 'odd'));
  for (const name of [...bidi, ...refused]) await writeFile(join(bed.home, 'odd', name), name);
  await bed.bai(['sftp', 'put', '-r', 'odd', 'demo:odd']);
});
afterAll(() => bed[Symbol.asyncDispose]());

test.skipIf(process.platform === 'win32').each([
  ['words', []],
  ['--json', ['--json']],
  ['--json=events', ['--json=events']],
])('%s: refused names are named escaped, and the others fetched', async (format, flags) => {
  const target = `got-${format}`;
  const answer = await bed.bai([...flags, 'sftp', 'get', '-r', 'demo:odd', target]);
  expect(answer.code).toBe(1);
  expect(answer.stdout + answer.stderr).not.toMatch(raw);
  expect((await readdir(join(bed.home, target))).sort()).toEqual([...bidi].sort());
  if (format === '--json') {
    const { failed } = JSON.parse(answer.stdout) as { failed: { path: string; code: string }[] };
    expect(failed.map(({ path }) => path).sort()).toEqual(refused.map((name) => `odd/${name}`).sort());
    for (const { code } of failed) expect(code).toBe('refused-name');
  }
});

test.skipIf(process.platform === 'win32')('a listing shows them escaped too', async () => {
  for (const flags of [[], ['--json']]) {
    const { code, stdout, stderr } = await bed.bai([...flags, 'sftp', 'ls', '-l', 'demo:odd']);
    expect([code, raw.test(stdout + stderr)]).toEqual([0, false]);
  }
});

test.skipIf(process.platform === 'win32')('Tab in the sftp shell lists them escaped', async () => {
  using terminal = openTerminal(bed);
  terminal.type(`'${process.execPath}' '${launcher}' sftp demo\r`);
  await terminal.see(/sftp> /);
  terminal.type('cd odd\r');
  await terminal.see(/sftp> /);
  terminal.type('ls \t\t');
  // The last one of the list.
  await terminal.see(/zero\S+width/);
  expect(terminal.screen()).toContain("zero$'\\u200b'width");
  expect(terminal.screen()).toContain("tag$'\\u{e0041}'ged");
  expect(terminal.screen().replaceAll('\u0007', '')).not.toMatch(raw);
});
