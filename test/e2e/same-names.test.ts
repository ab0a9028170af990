/** Names that a disk takes for one, and files that macOS makes by itself. exFAT takes `Makefile` for `makefile`, as disks of macOS do. */

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as get from '../../src/commands/sftp/get.ts';
import * as put from '../../src/commands/sftp/put.ts';
import * as sync from '../../src/commands/sftp/sync.ts';
import { ChannelPool } from '../../src/transfer/engine/channel-pool.ts';
import { localFiles } from '../../src/transfer/local/local-files.ts';
import { namesThere } from '../../src/transfer/put/same-names-there.ts';
import { createRemoteFiles } from '../../src/transfer/remote-files.ts';
import type { TransferRun } from '../../src/transfer/tar/transfer-run.ts';
import { type ExfatDisk, exfatMissing, mountExfat } from '../support/exfat-disk.ts';
import { connectFully } from '../support/ssh-session.ts';
import { sshdMissing, startSshd, type TestSshd } from '../support/sshd.ts';
import { sftpBed } from './sftp-bed.ts';
import { openFiles, type TempFolder, tempFolder, tree } from './transfer-session.ts';

const nfc = '\u00e9t\u00e9';
const nfd = 'e\u0301te\u0301';

async function fill(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

describe.skipIf(sshdMissing !== undefined)('with sshd', () => {
  let server: TestSshd;
  let local: TempFolder;
  beforeAll(async () => {
    server = await startSshd();
    local = await tempFolder();
  });
  afterAll(async () => {
    for (const each of [server, local]) await each?.[Symbol.asyncDispose]();
  });

  test('put -r takes the spelling of the session where the disk finds a file by either', async () => {
    const [here, there] = [join(local.path, 'spelled'), join(server.home, 'spelled')];
    // A disk of macOS finds by the other spelling what it does not list by it.
    await fill(here, { [nfc]: '', [nfd]: '', [`${nfd}2`]: '', plain: '' });
    await fill(there, { [nfc]: '', [`${nfc}2`]: '', plain: '' });
    const { signal } = new AbortController();
    const pool = new ChannelPool(await connectFully(server), { signal, stallMs: 60_000, programMs: 60_000 });
    try {
      const listed = [nfd, `${nfd}2`, 'plain'].map((name) => ({ name }));
      const folders = { local: here, remote: 'spelled' };
      expect(await namesThere(listed, folders, { pool } as TransferRun)).toEqual(new Map([[nfd, nfc]]));
    } finally {
      await pool[Symbol.asyncDispose]();
    }
  });

  describe('a Mac', () => {
    const bed = sftpBed(
      () => server,
      (files) => files,
      (address) => openFiles(address),
      { ...localFiles, isMac: true },
    );

    test('leaves its own files out of folders and says so once; --all and a name of their own take them', async () => {
      const here = join(local.path, 'finder');
      await fill(here, { a: 'a', '.DS_Store': '', 'sub/.DS_Store': '', 'sub/._b': '', 'sub/b': 'b' });
      const said = /^3 files of macOS's own .*--all/;
      const first = await bed.run(put, '-r', here, 'demo:');
      expect(first.infos.filter((line) => said.test(line))).toHaveLength(1);
      const there = join(server.home, 'finder');
      expect(await tree(there)).toEqual(['a', 'sub/', 'sub/b']);
      const planned = await bed.run(put, '-rn', here, 'demo:new');
      expect(planned.infos.filter((line) => said.test(line))).toHaveLength(1);

      await fill(there, { 'sub/.DS_Store': 'of the session' });
      const synced = await bed.run(sync, '--delete', here, 'demo:finder');
      expect(synced).toMatchObject({ exitCode: 0, value: { removed: 0 } });
      expect(synced.infos.filter((line) => said.test(line))).toHaveLength(1);

      expect(await bed.run(put, join(here, '.DS_Store'), 'demo:finder/')).toMatchObject({
        value: { files: 1 },
      });
      const all = await bed.run(sync, '--all', here, 'demo:finder');
      expect(all.infos.filter((line) => said.test(line))).toEqual([]);
      expect(await tree(there)).toEqual(await tree(here));
    });
  });

  describe.skipIf(exfatMissing !== undefined)('exFAT', () => {
    let disk: ExfatDisk;
    beforeAll(async () => {
      disk = mountExfat(local.path);
      await fill(join(server.home, 'src'), {
        Makefile: 'one',
        makefile: 'other',
        'Sub/a': 'a',
        'sub/b': 'b',
      });
    });
    afterAll(() => disk?.[Symbol.dispose]());
    const bed = sftpBed(
      () => server,
      (files) => files,
      async (address) =>
        createRemoteFiles(await connectFully(address), { signal: new AbortController().signal }),
    );

    /** One of two names is there with what belongs to it, and the other is told. */
    async function holdsOne(folder: string, failed: readonly { path: string; code: string }[]) {
      const names = await readdir(folder);
      const [file = ''] = names.filter((name) => name.toLowerCase() === 'makefile');
      expect(names.length).toBe(2);
      expect(await readFile(join(folder, file), 'utf8')).toBe(file === 'Makefile' ? 'one' : 'other');
      expect(failed.map(({ code }) => code)).toEqual(['refused-name', 'refused-name']);
      const told = failed.map(({ path }) => path.split('/').at(-1)?.toLowerCase());
      expect(new Set(told)).toEqual(new Set(['makefile', 'sub']));
    }

    test.each(['sftp', 'tar'])(
      'get -r keeps the first of two names and tells the second, by %s',
      async (via) => {
        const folder = join(disk.path, `tree-${via}`);
        const got = await bed.run(get, '-r', '--via', via, 'demo:src', folder);
        await holdsOne(folder, (got.value as { failed: { path: string; code: string }[] }).failed);
        expect(got.exitCode).toBe(1);
        const left = await bed.run(
          get,
          '-r',
          '--exclude',
          'Makefile',
          '--exclude',
          'Sub',
          'demo:src',
          `${folder}2`,
        );
        expect(left).toMatchObject({ exitCode: 0, value: { files: 2, failed: [] } });
      },
    );

    test('get of two files, and what it would do, tells the second', async () => {
      const folder = join(disk.path, 'two');
      await mkdir(folder);
      await writeFile(join(folder, 'readme'), '');
      for (const words of [['-n'], []]) {
        const got = await bed.run(get, ...words, 'demo:src/Makefile', 'demo:src/makefile', folder);
        expect(got).toMatchObject({ exitCode: 1, value: { failed: [{ code: 'refused-name' }] } });
      }
      expect(await readFile(join(folder, 'Makefile'), 'utf8')).toBe('one');
    });

    test('sync tells the second each time, removes nothing then, and is at rest', async () => {
      const folder = join(disk.path, 'mirror');
      const first = await bed.run(sync, 'demo:src', folder);
      await holdsOne(folder, (first.value as { failed: { path: string; code: string }[] }).failed);
      await writeFile(join(folder, 'extra'), '');
      const second = await bed.run(sync, '--delete', 'demo:src', folder);
      expect(second).toMatchObject({ exitCode: 1, value: { files: 0, unchanged: 2, removed: 0 } });
      expect(await readdir(folder)).toContain('extra');
    });

    test('sync takes a name of another case for the file that the disk takes it for', async () => {
      const folder = join(disk.path, 'named');
      await fill(join(server.home, 'named'), { Read: 'new', 'Deep/x': 'x' });
      await fill(folder, { READ: 'of old', 'DEEP/old': '' });
      const first = await bed.run(sync, '--delete', 'demo:named', folder);
      expect(first).toMatchObject({ exitCode: 0, value: { files: 2, removed: 1 } });
      expect(await readFile(join(folder, 'read'), 'utf8')).toBe('new');
      const second = await bed.run(sync, '--delete', 'demo:named', folder);
      expect(second).toMatchObject({ exitCode: 0, value: { files: 0, unchanged: 2, removed: 0 } });
    });
  });
});
