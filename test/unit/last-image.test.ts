/** The image that was used last, for each server. */

import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLastImage } from '../../src/config/last-image.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('each server has its own, in a file for its owner alone', async () => {
  using folder = tempFolder();
  const place = join(folder.path, 'images');
  const one = openLastImage(place, 'backend.ai https://one.example.com');
  const other = openLastImage(place, 'backend.ai https://other.example.com');
  expect(await one.read()).toBeUndefined();
  await one.write('cr.example.com/python:3.11');
  await one.write('cr.example.com/python:3.12');
  expect([await one.read(), await other.read()]).toEqual(['cr.example.com/python:3.12', undefined]);
  const [file = ''] = readdirSync(place);
  expect(statSync(join(place, file)).mode & 0o777).toBe(0o600);
});

test.each(['', '{', '{"version":1,"server":"other","image":"x"}', `{"version":1,"server":"s","image":""}`])(
  'a file that holds %j is no memory',
  async (content) => {
    using folder = tempFolder();
    const last = openLastImage(folder.path, 's');
    await last.write('python');
    const [file = ''] = readdirSync(folder.path);
    writeFileSync(join(folder.path, file), content);
    expect(await last.read()).toBeUndefined();
  },
);

test('what this machine refuses is nobody’s failure', async () => {
  using folder = tempFolder();
  const place = join(folder.path, 'images');
  writeFileSync(place, 'a file where the folder belongs');
  await openLastImage(place, 's').write('python');
  rmSync(place);
  mkdirSync(place);
  expect(await openLastImage(place, 's').read()).toBeUndefined();
});
