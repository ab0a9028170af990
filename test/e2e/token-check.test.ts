/** A token is tried as soon as it is stored: a typing error is told to whoever made it. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BaiResult, bai } from '../support/bai.ts';
import { freePort } from '../support/free-port.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { openUcloud, type UcloudBed } from '../support/uclouds.ts';

let bed: UcloudBed;
let folder: TempFolder;

beforeAll(async () => {
  bed = await openUcloud();
  folder = tempFolder();
});
afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
  folder?.[Symbol.dispose]();
});

/** The last of three `config set`, in a home of its own. */
async function setToken(name: string, endpoint: string, token: string): Promise<BaiResult> {
  const home = join(folder.path, name);
  mkdirSync(home);
  await bai(['config', 'set', 'provider', 'ucloud'], { home });
  await bai(['config', 'set', 'endpoint', endpoint], { home });
  return bai(['config', 'set', 'token'], { home, input: `${token}\n` });
}

test('a token that is good says who one is, and in which workspace', async () => {
  const set = await setToken('good', bed.endpoint, bed.token);
  expect(set.code, set.stderr).toBe(0);
  expect(set.stderr).toMatch(/signed in to http:\S+ as Demo User, .*; project Local project/);
  expect(set.stderr + set.stdout).not.toContain(bed.token);
});

test('a token that is refused is told at once, and stays where it can be corrected', async () => {
  const wrong = bed.token.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'));
  const set = await setToken('refused', bed.endpoint, wrong);
  expect(set.code).toBe(3);
  expect(set.stderr).toContain('the token is stored, and UCloud refuses it');
  expect(set.stderr).not.toContain(wrong);
});

test('a UCloud that is away leaves the token stored, and says that it was not tried', async () => {
  const set = await setToken('away', `http://127.0.0.1:${await freePort()}`, bed.token);
  expect(set.code).toBe(0);
  expect(set.stderr).toMatch(/warning: the token is stored, and could not be tried/);
});
