/** Whole folders, both ways, with the file servers that sessions run. */

import { execFileSync } from 'node:child_process';
import { mkdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConflictError } from '../../src/errors.ts';
import { dropbearMissing, sshdMissing, startDropbear, startSshd, type TestSshd } from '../support/sshd.ts';
import { content, openFiles, tempFolder, tree, watch } from './transfer-session.ts';

const servers = [
  { name: 'sshd', missing: sshdMissing, start: startSshd },
  { name: 'dropbear', missing: dropbearMissing, start: startDropbear },
];

for (const { name, missing, start } of servers) {
  describe.skipIf(missing !== undefined)(
    `with ${name}${missing === undefined ? '' : ` (${missing})`}`,
    () => {
      let server: TestSshd;
      beforeAll(async () => {
        server = await start();
      });
      afterAll(() => server[Symbol.asyncDispose]());

      test('a tree is the same after put and after get, with empty folders and hidden names', async () => {
        await using local = await tempFolder();
        await using files = await openFiles(server);
        const source = join(local.path, 'tree');
        await makeTree(source);
        const before = await tree(source);

        const put = await files.put(job([source], 'copy'), watch());
        expect(put).toMatchObject({ files: 7, failed: [], skipped: [] });
        expect(await tree(join(server.home, 'copy'))).toEqual(before);

        await files.get(job(['copy'], join(local.path, 'back')), watch());
        expect(await tree(join(local.path, 'back'))).toEqual(before);
        expect((await readFile(join(local.path, 'back', 'sub', 'large'))).equals(content(600_000))).toBe(
          true,
        );
      });

      test('an existing folder takes the tree in, and a second run changes nothing but the files', async () => {
        await using local = await tempFolder();
        await using files = await openFiles(server);
        await makeTree(join(local.path, 'tree'));
        await mkdir(join(server.home, 'box'));
        for (const _ of [1, 2]) await files.put(job([join(local.path, 'tree')], 'box'), watch());
        expect(await tree(join(server.home, 'box', 'tree'))).toEqual(await tree(join(local.path, 'tree')));
        for (const _ of [1, 2]) await files.get(job(['box'], local.path), watch());
        expect(await tree(join(local.path, 'box', 'tree'))).toEqual(await tree(join(local.path, 'tree')));
      });
    },
  );
}

const why = sshdMissing === undefined ? '' : ` (${sshdMissing})`;

describe.skipIf(sshdMissing !== undefined)(`links and special files${why}`, () => {
  let server: TestSshd;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('a folder named by a dot puts its contents into the target', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    await makeTree(join(local.path, 'tree'));
    await files.put(job([`${local.path}/tree/.`], 'dotted'), watch());
    expect(await tree(join(server.home, 'dotted'))).toEqual(await tree(join(local.path, 'tree')));
    await files.get(job(['dotted/.'], join(local.path, 'back')), watch());
    await files.get(job(['dotted/sub/..'], join(local.path, 'parent')), watch());
    expect(await tree(join(local.path, 'back'))).toEqual(await tree(join(local.path, 'tree')));
    expect(await tree(join(local.path, 'parent'))).toEqual(await tree(join(local.path, 'tree')));
  });

  test.each(['put', 'get'] as const)(
    '%s -r leaves parts and journals of other transfers where they are',
    async (direction) => {
      await using local = await tempFolder();
      await using files = await openFiles(server);
      const name = `parts-${direction}`;
      const [source, target] = [join(local.path, name), join(server.home, name)];
      const from = direction === 'put' ? source : target;
      await mkdir(from);
      for (const file of ['a', '.a.bai-part', '.a.bai-journal', '.bai-part', 'b.bai-part'])
        await writeFile(join(from, file), file);
      const summary = await (direction === 'put'
        ? files.put(job([source], name), watch())
        : files.get(job([name], source), watch()));
      expect(summary).toMatchObject({ files: 3, failed: [] });
      expect(summary.skipped.map(({ code }) => code)).toEqual(['unfinished', 'unfinished']);
      expect(await tree(direction === 'put' ? target : source)).toEqual(['.bai-part', 'a', 'b.bai-part']);
      expect((await tree(from)).length).toBe(5);
    },
  );

  test('put follows links to files and folders, and names those that lead nowhere or in a circle', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    const source = join(local.path, 'links');
    await mkdir(join(source, 'deep'), { recursive: true });
    await writeFile(join(local.path, 'outside'), 'outside');
    await symlink('../outside', join(source, 'to-file'));
    await symlink('nowhere', join(source, 'to-nothing'));
    await symlink('to-itself', join(source, 'to-itself'));
    await symlink('..', join(source, 'deep', 'to-parent'));
    const summary = await files.put(job([source], ''), watch());
    expect(summary.files).toBe(1);
    expect(await readFile(join(server.home, 'links', 'to-file'), 'utf8')).toBe('outside');
    expect(new Map(summary.failed.map(({ path, code }) => [path, code]))).toEqual(
      new Map([
        [join(source, 'to-nothing'), 'not-found'],
        [join(source, 'to-itself'), 'local-system'],
        [join(source, 'deep', 'to-parent'), 'loop'],
      ]),
    );
  });

  test('get leaves links out and cannot fetch special files, and says so', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    const source = join(server.home, 'odd');
    await mkdir(source);
    await writeFile(join(source, 'plain'), 'plain');
    await symlink('/etc/passwd', join(source, 'link'));
    execFileSync('mkfifo', [join(source, 'pipe')]);
    const watcher = watch();
    const summary = await files.get(job(['odd'], local.path), watcher);
    expect(summary).toMatchObject({ files: 1, failed: [{ path: 'odd/pipe', code: 'special-file' }] });
    expect(watcher.skips).toMatchObject([{ path: 'odd/link', code: 'link' }]);
    expect(watcher.failures).toMatchObject([{ path: 'odd/pipe', code: 'special-file' }]);
    expect(await tree(join(local.path, 'odd'))).toEqual(['plain']);
  });

  test('a name that is not UTF-8 is refused and named, and the rest goes on', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    await mkdir(join(server.home, 'bytes'));
    await writeFile(Buffer.concat([Buffer.from(`${server.home}/bytes/bad`), Buffer.from([0xff])]), 'x');
    await writeFile(join(server.home, 'bytes', 'good'), 'good');
    const summary = await files.get(job(['bytes'], local.path), watch());
    expect(summary).toMatchObject({ files: 1, failed: [{ code: 'refused-name' }] });
    expect(await tree(join(local.path, 'bytes'))).toEqual(['good']);
  });

  test('put names a special file as failed, and does not wait for a named pipe', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    await mkdir(join(local.path, 'pipes'));
    execFileSync('mkfifo', [join(local.path, 'pipes', 'pipe')]);
    const summary = await files.put(job([join(local.path, 'pipes')], ''), watch());
    expect(summary).toMatchObject({ files: 0, skipped: [], failed: [{ code: 'special-file' }] });
    const alone = files.put(job([join(local.path, 'pipes', 'pipe')], ''), watch());
    await expect(alone).rejects.toMatchObject({ code: 'not-a-file' });
  });

  test('a link to a file that was named itself is fetched as the file', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    await writeFile(join(server.home, 'meant'), 'meant');
    await symlink('meant', join(server.home, 'named'));
    await files.get(job(['named'], local.path), watch());
    expect(await readFile(join(local.path, 'named'), 'utf8')).toBe('meant');
  });

  test('a local link that was there before does not lead a fetched tree out of its target', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    await mkdir(join(server.home, 'site', 'inner'), { recursive: true });
    await mkdir(join(server.home, 'site', 'aside'));
    await writeFile(join(server.home, 'site', 'inner', 'file'), 'fetched');
    await writeFile(join(server.home, 'site', 'top'), 'fetched');
    const outside = join(local.path, 'outside');
    const target = join(local.path, 'target');
    await mkdir(outside);
    await mkdir(join(target, 'site', 'real'), { recursive: true });
    await writeFile(join(outside, 'precious'), 'precious');
    await symlink(outside, join(target, 'site', 'inner'));
    await symlink('real', join(target, 'site', 'aside'));
    await symlink(join(outside, 'precious'), join(target, 'site', 'top'));
    const summary = await files.get(job(['site'], target), watch());
    expect(summary.failed).toMatchObject([
      { path: 'site/inner', code: 'leads-outside' },
      { path: 'site/top', code: 'leads-outside' },
    ]);
    expect(await tree(outside)).toEqual(['precious']);
    expect(await readFile(join(outside, 'precious'), 'utf8')).toBe('precious');
    expect(await readlink(join(target, 'site', 'top'))).toBe(join(outside, 'precious'));
  });

  test('a link in the place of the tree itself is refused when it leads out', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    await mkdir(join(server.home, 'proj'));
    await mkdir(join(local.path, 'target'));
    await symlink('..', join(local.path, 'target', 'proj'));
    await expect(files.get(job(['proj'], join(local.path, 'target')), watch())).rejects.toThrow(
      ConflictError,
    );
  });

  test('a file where a folder should be is named, and the rest goes on', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    await makeTree(join(local.path, 'tree'));
    await mkdir(join(server.home, 'blocked'));
    await writeFile(join(server.home, 'blocked', 'sub'), 'a file');
    const put = await files.put(job([`${local.path}/tree/.`], 'blocked'), watch());
    expect(put.failed).toMatchObject([
      { path: `${local.path}/tree/./sub`.replace('/./', '/'), code: 'not-a-folder' },
    ]);
    expect(await readFile(join(server.home, 'blocked', 'sub'), 'utf8')).toBe('a file');
    expect((await stat(join(server.home, 'blocked', 'a b.txt'))).size).toBe(5);
  });

  test('two thousand files and a tree 60 folders deep arrive', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    const many = join(local.path, 'many');
    const deep = join(many, ...Array.from({ length: 60 }, () => 'd'));
    await mkdir(deep, { recursive: true });
    await writeFile(join(deep, 'bottom'), 'bottom');
    await Promise.all(
      Array.from({ length: 2_000 }, (_, index) => writeFile(join(many, `f${index}`), `${index}`)),
    );
    const put = await files.put(job([many], ''), watch());
    expect(put).toMatchObject({ files: 2_001, failed: [] });
    await rename(many, join(local.path, 'before'));
    const get = await files.get(job(['many'], local.path), watch());
    expect(get).toMatchObject({ files: 2_001, failed: [] });
    expect(await tree(many)).toEqual(await tree(join(local.path, 'before')));
    expect(await readFile(join(many, 'f1999'), 'utf8')).toBe('1999');
    await rm(join(server.home, 'many'), { recursive: true });
  }, 180_000);
});

async function makeTree(root: string): Promise<void> {
  await mkdir(join(root, 'sub', 'empty'), { recursive: true });
  await mkdir(join(root, '.hidden folder'));
  await writeFile(join(root, 'a b.txt'), 'a b\n\n');
  await writeFile(join(root, 'empty'), '');
  await writeFile(join(root, '.dotfile'), 'dot');
  await writeFile(join(root, '~'), 'tilde');
  await writeFile(join(root, '한글 \u{1f600} $(x) \'"*?'), 'names');
  await writeFile(join(root, '.hidden folder', '-r'), 'dash');
  await writeFile(join(root, 'sub', 'large'), content(600_000));
}

function job(sources: readonly string[], target: string) {
  return { sources, target, recursive: true };
}
