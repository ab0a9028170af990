/** What Windows refuses while another program has a file open is tried again, for a while. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LocalSystemError } from '../../src/errors.ts';
import { onceFree } from '../../src/files/held-files.ts';
import { tempFolder } from '../support/temp-folder.ts';

function refusing(code: string, times = Number.POSITIVE_INFINITY) {
  const work = async (): Promise<string> => {
    work.tries += 1;
    if (work.tries > times) return 'done';
    throw Object.assign(new Error(code), { code });
  };
  work.tries = 0;
  return work;
}

test.each(['EPERM', 'EACCES', 'EBUSY'])('%s passes when the other program lets go', async (code) => {
  using folder = tempFolder();
  const path = join(folder.path, 'file');
  writeFileSync(path, '');
  const work = refusing(code, 2);
  expect(await onceFree({ path, action: 'replaced' }, work, { platform: 'win32' })).toBe('done');
  expect(work.tries).toBe(3);
});

test('after a while it is said which file is open elsewhere, and what to do', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'file');
  const patience = { platform: 'win32', mostMs: 30 } as const;
  const failed = onceFree({ path, action: 'removed' }, refusing('EBUSY'), patience);
  await expect(failed).rejects.toThrow(LocalSystemError);
  await expect(failed).rejects.toMatchObject({
    code: 'file-in-use',
    message: `${path} could not be removed: another program seems to have it open`,
    hint: expect.stringContaining('close it where it is open'),
  });
});

test.each([
  ['another failure', 'win32', 'ENOENT', ''],
  ['another system', 'linux', 'EPERM', ''],
  ['a folder in the way', 'win32', 'EPERM', 'folder'],
  ['a file that is read-only', 'win32', 'EPERM', 'read-only'],
] as const)('%s is not waited for', async (_, platform, code, name) => {
  using folder = tempFolder();
  mkdirSync(join(folder.path, 'folder'));
  writeFileSync(join(folder.path, 'read-only'), '', { mode: 0o444 });
  const work = refusing(code);
  const path = join(folder.path, name || 'missing');
  await expect(onceFree({ path, action: 'replaced' }, work, { platform })).rejects.toMatchObject({ code });
  expect(work.tries).toBe(1);
});
