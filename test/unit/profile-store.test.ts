/** Profiles in `config.json`. */

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openProfileStore } from '../../src/config/store.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('a whole sign-in is stored at once: undefined takes away, and keys of a newer bai stay', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'config.json');
  const before = { default: { accessKey: 'old', secretKey: 'old', domain: 'lab', later: 'x' }, work: {} };
  writeFileSync(path, JSON.stringify({ profiles: before, future: [1] }), { mode: 0o600 });
  const store = openProfileStore(path);
  await store.save('default', { token: 'new', accessKey: undefined, secretKey: undefined });
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
    profiles: { default: { domain: 'lab', later: 'x', token: 'new' }, work: {} },
    future: [1],
  });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});
