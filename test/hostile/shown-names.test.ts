/** What the built command shows of names that would change a terminal. */

import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmulatorBed, openEmulator } from '../contract/app-bed.ts';

/** Fetched as they are, but never shown raw. */
const bidi = ['\u202egnp.exe', 'left\u2066right', 'zero\u200bwidth'];
const refused = ['line\nbreak', '\u001b[2Jred', 'c1\u009b31m', 'back\bspace'];
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there.
const raw = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069]/;

let bed: EmulatorBed;
beforeAll(async () => {
  bed = await openEmulator();
  await bed.create('demo');
  await mkdir(join(bed.home, 'odd'));
  for (const name of [...bidi, ...refused]) await writeFile(join(bed.home, 'odd', name), name);
  await bed.bai(['sftp', 'put', '-r', 'odd', 'demo:odd']);
}, 60_000);
afterAll(() => bed[Symbol.asyncDispose]());

test.skipIf(process.platform === 'win32').each([
  ['words', []],
  ['--json', ['--json']],
  ['--json=events', ['--json=events']],
])(
  '%s: refused names are named escaped, and the others fetched',
  async (format, flags) => {
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
  },
  60_000,
);

test.skipIf(process.platform === 'win32')(
  'a listing shows them escaped too',
  async () => {
    for (const flags of [[], ['--json']]) {
      const { code, stdout, stderr } = await bed.bai([...flags, 'sftp', 'ls', '-l', 'demo:odd']);
      expect([code, raw.test(stdout + stderr)]).toEqual([0, false]);
    }
  },
  60_000,
);
