/** A small put makes its part along with the first look at its target: whatever is found there, nothing is left of a part that is not wanted. */

import { chmod, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as put from '../../src/commands/sftp/put.ts';
import { defaultTransferOptions, type TransferOptions } from '../../src/core/sftp/transfer-options.ts';
import { partAhead } from '../../src/transfer/remote/part-ahead.ts';
import { sshdMissing, startSshd, type TestSshd } from '../support/sshd.ts';
import { openAhead, type SftpBed, sftpBed } from './sftp-bed.ts';
import { type TempFolder, tempFolder, tree } from './transfer-session.ts';

const earlyCases: readonly (readonly [string, { readonly size: number }, Partial<TransferOptions>])[] = [
  ['that is larger than one piece', { size: 300_000 }, {}],
  ['that a limit takes to pieces', { size: 3 }, { bytesPerSecond: 1 }],
  ...(['skip', 'newer', 'different', 'fail'] as const).map(
    (ifExists) => [`that may stay away (${ifExists})`, { size: 3 }, { ifExists }] as const,
  ),
];

test.each(earlyCases)('a file %s has no part so early', (_what, source, options) => {
  expect(partAhead('a', source, { ...defaultTransferOptions, ...options })).toBeUndefined();
  expect(partAhead('a', { size: 3 }, defaultTransferOptions)).toMatchObject({ path: '.a.bai-part' });
});

const why = sshdMissing === undefined ? '' : ` (${sshdMissing})`;
describe.skipIf(sshdMissing !== undefined)(`with sshd${why}`, () => {
  let server: TestSshd;
  let bed: SftpBed;
  let local: TempFolder;
  const there = (...parts: string[]): string => join(server.home, 'place', ...parts);

  beforeAll(async () => {
    server = await startSshd();
    bed = sftpBed(() => server, undefined, openAhead);
  });
  afterAll(() => server?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    local = await tempFolder();
    await writeFile(join(local.path, 'a'), 'new');
    await rm(there(), { recursive: true, force: true });
    await mkdir(there());
    return () => local[Symbol.asyncDispose]();
  });

  const send = async (target: string, ...options: string[]): Promise<readonly string[]> => {
    const { exitCode } = await bed.run(put, ...options, join(local.path, 'a'), `demo:place/${target}`);
    expect(exitCode).toBe(0);
    return await tree(there());
  };

  test('a new file is made, as readable as any', async () => {
    expect(await send('b')).toEqual(['b']);
    await writeFile(there('like'), '');
    expect((await stat(there('b'))).mode).toBe((await stat(there('like'))).mode);
  });

  test.each([0o600, 0o640, 0o644, 0o755])('a file of mode %o is replaced and keeps it', async (mode) => {
    await writeFile(there('b'), 'old');
    await chmod(there('b'), mode);
    expect(await send('b')).toEqual(['b']);
    expect(await readFile(there('b'), 'utf8')).toBe('new');
    expect((await stat(there('b'))).mode & 0o777).toBe(mode);
  });

  test('a folder takes it in', async () => {
    await mkdir(there('box'));
    expect(await send('box')).toEqual(['box/', 'box/a']);
  });

  test('a link is followed, into another folder too', async () => {
    await mkdir(there('box'));
    await writeFile(there('box', 'b'), 'old');
    await symlink('box/b', there('link'));
    expect(await send('link')).toEqual(['box/', 'box/b', 'link']);
    expect(await readFile(there('box', 'b'), 'utf8')).toBe('new');
  });

  test('the part of an earlier run gives way', async () => {
    await writeFile(there('.b.bai-part'), 'half', { mode: 0o644 });
    expect(await send('b', '-p')).toEqual(['b']);
    expect(await readFile(there('b'), 'utf8')).toBe('new');
  });

  test('where nothing may be made the failure is told once, of the target', async () => {
    const failed = bed.run(put, join(local.path, 'a'), 'demo:place/none/b');
    await expect(failed).rejects.toMatchObject({ message: expect.stringContaining('place/none') });
    expect(await tree(there())).toEqual([]);
  });
});
