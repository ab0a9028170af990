/** docs/reference/ and the manual pages are what the commands say of themselves. */

import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { commands } from '../../src/commands/index.ts';
import { findProgram } from '../../src/ssh/programs.ts';
import { tempFolder } from '../support/temp-folder.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const script = join(root, 'scripts/write-reference.mjs');
const mandoc = findProgram('mandoc', process.env);

test('docs/reference/ is as npm run docs:reference writes it', async () => {
  await expect(run(process.execPath, [script, '--check'])).resolves.toMatchObject({ stderr: '' });
});

test('there is a manual page of each command, and mandoc has nothing to say of any', async () => {
  using folder = tempFolder();
  await run(process.execPath, [script, '--man', folder.path]);
  const pages = readdirSync(folder.path);
  const shown = commands.filter(({ hidden }) => hidden !== true).map(({ path }) => path.replaceAll(' ', '-'));
  expect(pages.toSorted()).toEqual(['bai.1', ...shown.map((name) => `bai-${name}.1`)].toSorted());
  if (mandoc === undefined) return;
  const { stdout } = await run(mandoc, ['-Tlint', ...pages.map((name) => join(folder.path, name))]);
  expect(stdout).toBe('');
});
