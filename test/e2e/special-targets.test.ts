/** What stands where a file is to go and is none: it is refused before a byte moves, and stays what it was. */

import { renameSync, type Stats } from 'node:fs';
import { lstat, mkdir, readFile, readlink, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as get from '../../src/commands/sftp/get.ts';
import * as move from '../../src/commands/sftp/mv.ts';
import * as put from '../../src/commands/sftp/put.ts';
import * as sync from '../../src/commands/sftp/sync.ts';
import { defaultTransferOptions } from '../../src/core/sftp/transfer-options.ts';
import { createRemoteFiles, type Meter, type TreeObserver } from '../../src/transfer/remote-files.ts';
import { specialFiles } from '../support/special-files.ts';
import { connectFully } from '../support/ssh-session.ts';
import { sshdMissing, startSshd, type TestSshd } from '../support/sshd.ts';
import { openAhead, type SftpBed, sftpBed } from './sftp-bed.ts';
import { content, openFiles, type TempFolder, tempFolder, tree, watch } from './transfer-session.ts';

const why = sshdMissing === undefined ? '' : ` (${sshdMissing})`;
/** In one request, in several, and with a journal. */
const sizes = [5, 1_000_000, 6_000_000];

describe.skipIf(sshdMissing !== undefined)(`with sshd${why}`, () => {
  let server: TestSshd;
  let bed: SftpBed;
  let local: TempFolder;
  const here = (...parts: string[]): string => join(local.path, ...parts);
  const there = (...parts: string[]): string => join(server.home, 'place', ...parts);

  beforeAll(async () => {
    server = await startSshd();
    bed = sftpBed(() => server, undefined, openAhead);
  });
  afterAll(() => server?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    local = await tempFolder();
    await rm(there(), { recursive: true, force: true });
    await mkdir(there());
    return () => local[Symbol.asyncDispose]();
  });

  const isSame = (before: Stats, after: Stats): boolean =>
    before.ino === after.ino && before.mode === after.mode && before.rdev === after.rdev;

  /** That what is made there is the same afterwards, and that nothing has come beside it. */
  async function untouched(path: string, folder: string, work: () => Promise<unknown>): Promise<void> {
    const [before, names] = [await lstat(path), await tree(folder)];
    await work();
    expect(isSame(before, await lstat(path))).toBe(true);
    expect(await tree(folder)).toEqual(names);
  }

  describe.each(specialFiles)('$kind', ({ make }) => {
    test.each(sizes)('is not replaced by a plain file when %i bytes are fetched', async (size) => {
      await writeFile(there('a'), content(size));
      await mkdir(here('box'));
      for (const path of [here('p'), here('box', 'a')]) await make(path);
      for (const [target, path] of [
        [here('p'), here('p')],
        [`${here('box')}/`, here('box', 'a')],
        [here('box'), here('box', 'a')],
      ] as const) {
        await untouched(path, local.path, async () => {
          const failed = bed.run(get, 'demo:place/a', target);
          await expect(failed).rejects.toMatchObject({ code: 'not-a-file', exitCode: 1 });
        });
      }
    });

    test.each(sizes)('is not replaced by a plain file when %i bytes are sent', async (size) => {
      await writeFile(here('a'), content(size));
      await mkdir(there('box'));
      for (const path of [there('p'), there('box', 'a')]) await make(path);
      await symlink('p', there('to-p'));
      for (const [target, path] of [
        ['demo:place/p', there('p')],
        ['demo:place/to-p', there('p')],
        ['demo:place/box/', there('box', 'a')],
      ] as const) {
        await untouched(path, there(), async () => {
          const failed = bed.run(put, here('a'), target);
          await expect(failed).rejects.toMatchObject({ code: 'not-a-file', exitCode: 1 });
        });
      }
    });

    test.each(['sftp', 'tar'] as const)(
      'in a tree it is a failure, and the rest arrives (by %s)',
      async (via) => {
        const names = ['a', 'b', 'c', 'p'];
        for (const folder of [here('tree'), there('tree'), here('into'), there('into')]) await mkdir(folder);
        for (const name of names)
          for (const folder of [here('tree'), there('tree')]) await writeFile(join(folder, name), name);
        const connection = await connectFully(server);
        await using files = createRemoteFiles(connection, { signal: new AbortController().signal });
        const options = { ...defaultTransferOptions, via };
        for (const [direction, source, target, folder] of [
          ['get', 'place/tree/.', here('into'), here('into')],
          ['put', `${here('tree')}/.`, 'place/into', there('into')],
        ] as const) {
          await make(join(folder, 'p'));
          const before = await lstat(join(folder, 'p'));
          const summary = await files[direction](
            { sources: [source], target, recursive: true, options },
            watch(),
          );
          expect(summary).toMatchObject({
            files: 3,
            byTar: via === 'tar' ? 3 : 0,
            failed: [{ code: 'not-a-file' }],
          });
          expect(isSame(before, await lstat(join(folder, 'p')))).toBe(true);
          expect(await tree(folder)).toEqual(names);
          for (const name of ['a', 'b', 'c']) expect(await readFile(join(folder, name), 'utf8')).toBe(name);
        }
      },
    );

    test.each(['newer', 'different'])('--if-exists %s compares nothing with it', async (ifExists) => {
      for (const path of [here('a'), there('a')]) await writeFile(path, 'a');
      for (const path of [here('p'), there('p')]) {
        await make(path);
        await utimes(path, 1, 1);
      }
      const fetched = bed.run(get, '--if-exists', ifExists, 'demo:place/a', here('p'));
      await expect(fetched).rejects.toMatchObject({ code: 'not-a-file' });
      const sent = bed.run(put, '--if-exists', ifExists, here('a'), 'demo:place/p');
      await expect(sent).rejects.toMatchObject({ code: 'not-a-file' });
    });

    test('--if-exists skip leaves it, with status 0', async () => {
      for (const path of [here('a'), there('a')]) await writeFile(path, 'a');
      await make(here('p'));
      await untouched(here('p'), local.path, async () => {
        const answer = await bed.run(get, '--if-exists', 'skip', 'demo:place/a', here('p'));
        expect(answer).toMatchObject({ exitCode: 0, value: { skipped: [{ code: 'exists' }] } });
      });
    });

    test('sync in both directions names it and removes nothing', async () => {
      for (const folder of [here('tree'), there('tree'), here('into'), there('into')]) await mkdir(folder);
      for (const folder of [here('tree'), there('tree')]) await writeFile(join(folder, 'p'), 'p');
      for (const folder of [here('into'), there('into')]) {
        await make(join(folder, 'p'));
        await writeFile(join(folder, 'more'), 'more');
      }
      for (const [ends, folder] of [
        [['demo:place/tree', here('into')], here('into')],
        [[here('tree'), 'demo:place/into'], there('into')],
      ] as const) {
        await untouched(join(folder, 'p'), folder, async () => {
          const answer = await bed.run(sync, '--delete', ...ends);
          expect(answer).toMatchObject({ exitCode: 1, value: { failed: [{ code: 'not-a-file' }] } });
        });
      }
    });

    test('a stream and a rename in the session do not take its place', async () => {
      await writeFile(there('a'), 'a');
      await mkdir(there('box'));
      for (const path of [there('p'), there('box', 'a')]) await make(path);
      await symlink('p', there('link'));
      await untouched(there('p'), there(), async () => {
        await expect(bed.runWith(Buffer.from('x'), put, '-', 'demo:place/p')).rejects.toMatchObject({
          code: 'not-a-file',
        });
        for (const target of ['demo:place/p', 'demo:place/box', 'demo:place/link'])
          await expect(bed.run(move, 'demo:place/a', target)).rejects.toMatchObject({ code: 'not-a-file' });
      });
      expect(await readlink(there('link'))).toBe('p');
    });

    test('in the session is not fetched, and nobody waits for what it may say', async () => {
      await make(there('p'));
      await symlink('p', there('link'));
      for (const source of ['demo:place/p', 'demo:place/link']) {
        for (const target of [here('file'), '-'])
          await expect(bed.run(get, source, target)).rejects.toMatchObject({ code: 'not-a-file' });
      }
      expect(await tree(local.path)).toEqual([]);
    });

    /** Calls back once, when the transfer has begun. */
    const onStart = (act: () => void): TreeObserver => {
      let isOver = false;
      const started = (): Meter => {
        if (!isOver) act();
        isOver = true;
        return { update: () => {}, stop: () => {} };
      };
      return { ...watch(), started };
    };

    test.each(sizes)('that comes while %i bytes are fetched stays as well', async (size) => {
      await writeFile(there('a'), content(size));
      await make(here('ready'));
      await using files = await openFiles(server);
      const observer = onStart(() => renameSync(here('ready'), here('p')));
      const fetched = files.get({ sources: ['place/a'], target: here('p'), recursive: false }, observer);
      await expect(fetched).rejects.toMatchObject({ code: 'not-a-file' });
      expect((await lstat(here('p'))).isFile()).toBe(false);
      expect(await tree(local.path)).toEqual(['p']);
    });

    test.each(sizes)('that comes while %i bytes are sent stays as well', async (size) => {
      await writeFile(here('a'), content(size));
      await make(there('ready'));
      await using files = await openFiles(server);
      const observer = onStart(() => renameSync(there('ready'), there('p')));
      const sent = files.put({ sources: [here('a')], target: 'place/p', recursive: false }, observer);
      await expect(sent).rejects.toMatchObject({ code: 'not-a-file' });
      expect((await lstat(there('p'))).isFile()).toBe(false);
      expect(await tree(there())).toEqual(['p']);
    });

    test('in the place of a part it is not taken away for one', async () => {
      for (const path of [here('a'), there('a')]) await writeFile(path, content(6_000_000));
      for (const path of [here('.b.bai-part'), there('.b.bai-part')]) await make(path);
      await untouched(here('.b.bai-part'), local.path, async () => {
        await expect(bed.run(get, 'demo:place/a', here('b'))).rejects.toMatchObject({ code: 'not-a-file' });
      });
      await untouched(there('.b.bai-part'), there(), async () => {
        await expect(bed.run(put, here('a'), 'demo:place/b')).rejects.toMatchObject({ code: 'not-a-file' });
      });
    });

    test('in the place of a journal it is not waited on', async () => {
      await writeFile(there('a'), content(6_000_000));
      await make(here('.b.bai-journal'));
      await untouched(here('.b.bai-journal'), local.path, async () => {
        await expect(bed.run(get, 'demo:place/a', here('b'))).rejects.toMatchObject({ code: 'not-a-file' });
      });
    });
  });

  describe('a link', () => {
    test('that was named is followed, and stays; its file keeps its mode', async () => {
      await writeFile(there('a'), 'new');
      await mkdir(here('real'));
      await writeFile(here('real', 'file'), 'old', { mode: 0o640 });
      await symlink('real/file', here('link'));
      expect((await bed.run(get, 'demo:place/a', here('link'))).exitCode).toBe(0);
      expect(await readlink(here('link'))).toBe('real/file');
      expect(await readFile(here('real', 'file'), 'utf8')).toBe('new');
      expect((await stat(here('real', 'file'))).mode & 0o777).toBe(0o640);
      expect(await tree(local.path)).toEqual(['link', 'real/', 'real/file']);
    });

    test('that leads nowhere is refused both ways, and stays', async () => {
      for (const path of [here('a'), there('a')]) await writeFile(path, 'a');
      for (const path of [here('link'), there('link')]) await symlink('nowhere', path);
      await expect(bed.run(get, 'demo:place/a', here('link'))).rejects.toMatchObject({ code: 'not-a-file' });
      await expect(bed.run(put, here('a'), 'demo:place/link')).rejects.toMatchObject({ code: 'not-a-file' });
      for (const path of [here('link'), there('link')]) expect(await readlink(path)).toBe('nowhere');
    });

    test('that a name of the session leads to is neither followed nor replaced', async () => {
      await writeFile(there('a'), 'new');
      await writeFile(here('precious'), 'precious');
      await mkdir(here('box'));
      await symlink('../precious', here('box', 'a'));
      await expect(bed.run(get, 'demo:place/a', here('box'))).rejects.toMatchObject({
        code: 'leads-outside',
      });
      expect(await readlink(here('box', 'a'))).toBe('../precious');
      expect(await readFile(here('precious'), 'utf8')).toBe('precious');
    });
  });
});
