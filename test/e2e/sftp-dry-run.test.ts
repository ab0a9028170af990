/** `put` and `get` with `--dry-run`: what the same command without it then does, and nothing of it. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as get from '../../src/commands/sftp/get.ts';
import * as put from '../../src/commands/sftp/put.ts';
import { UsageError } from '../../src/errors.ts';
import { sshdMissing, startSshd, type TestSshd } from '../support/sshd.ts';
import { sftpBed } from './sftp-bed.ts';
import { tempFolder, tree } from './transfer-session.ts';

const why = sshdMissing === undefined ? '' : ` (${sshdMissing})`;

describe.skipIf(sshdMissing !== undefined)(`--dry-run${why}`, () => {
  let server: TestSshd;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const bed = sftpBed(() => server);

  async function fill(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(join(folder, name, '..'), { recursive: true });
      await writeFile(join(folder, name), text);
    }
  }

  interface Answer {
    readonly folders: readonly string[];
    readonly copies: readonly { readonly path: string; readonly target: string }[];
  }

  test.each(['put', 'get'])('%s -r: names what is then there, and what it leaves out', async (direction) => {
    await using local = await tempFolder();
    const isPut = direction === 'put';
    const [here, there] = [join(local.path, 'tree'), join(server.home, direction)];
    const [source, target] = isPut ? [here, there] : [there, join(local.path, 'new')];
    await fill(source, { a: '1', 'sub/b': '22', 'sub/deep/c': '333', 'left.o': 'o' });
    await mkdir(join(source, 'empty'));
    const targetName = isPut ? 'demo:put/' : `${target}/`;
    if (isPut) await fill(there, { 'tree/a': 'old', 'tree/sub/b': 'kept' });
    const command = isPut ? put : get;
    const args = ['-r', '--exclude', '*.o', '--if-exists', 'different'];
    const paths = isPut ? [here, targetName] : ['demo:get', targetName];
    const before = [await tree(local.path), await tree(server.home)];
    const dry = await bed.run(command, '-n', ...args, ...paths);
    expect([await tree(local.path), await tree(server.home)]).toEqual(before);
    expect(dry.exitCode).toBe(0);
    expect(dry.value).toMatchObject({ dryRun: true, bytes: 6, unchanged: 0, removals: [], failed: [] });
    const { folders, copies } = dry.value as Answer;
    const wet = await bed.run(command, ...args, ...paths);
    expect(wet.value).toMatchObject({ files: copies.length, bytes: 6, failed: [] });
    const root = isPut ? server.home : local.path;
    const shown = [...folders, ...copies.map((copy) => copy.target)].map((path) =>
      relative(root, join(isPut ? server.home : '/', path)),
    );
    const now = await tree(root);
    const made = now
      .filter((path) => !before[isPut ? 1 : 0]?.includes(path))
      .map((path) => path.replace(/\/$/, ''));
    const replaced = isPut ? ['put/tree/a', 'put/tree/sub/b'] : [];
    expect(shown.sort()).toEqual([...made, ...replaced].sort());
  });

  test('people read what is made, what is copied where, and what is replaced', async () => {
    await using local = await tempFolder();
    await fill(local.path, { 'src/a': 'a', b: 'bb' });
    await fill(server.home, { 'seen/b': 'old' });
    const answer = await bed.run(put, '-rn', join(local.path, 'src'), join(local.path, 'b'), 'demo:seen');
    expect(answer.results[0]?.human).toEqual([
      'mkdir  seen/src/',
      `copy   ${join(local.path, 'b')} -> seen/b (replaces)`,
      `copy   ${join(local.path, 'src/a')} -> seen/src/a (new)`,
    ]);
    expect(answer.infos.at(-1)).toBe('2 to copy (3 B), 0 to remove, 0 unchanged');
  });

  test('what --if-exists keeps is left out, and what would fail fails', async () => {
    await using local = await tempFolder();
    await fill(local.path, { a: 'a', b: 'b' });
    await fill(server.home, { 'has/a': 'old', 'folder/b/x': '' });
    const kept = await bed.run(put, '-n', '--if-exists', 'skip', join(local.path, 'a'), 'demo:has/a');
    expect(kept).toMatchObject({ exitCode: 0, value: { copies: [], skipped: [{ code: 'exists' }] } });
    const sources = [join(local.path, 'a'), join(local.path, 'b')];
    const failed = await bed.run(put, '-n', ...sources, 'demo:folder/');
    expect(failed).toMatchObject({
      exitCode: 1,
      value: { copies: [{ target: 'folder/a' }], failed: [{ code: 'is-folder' }] },
    });
    await expect(bed.run(put, '-n', join(local.path, 'a'), 'demo:no/folder')).rejects.toThrow(/no/);
    await expect(bed.run(get, '-n', 'demo:has/a', join(local.path, 'no/folder'))).rejects.toThrow(/no/);
  });

  test('a stream is a usage error: nobody knows what would come', async () => {
    await expect(bed.run(put, '-n', '-', 'demo:x')).rejects.toThrow(UsageError);
    await expect(bed.run(get, '-n', 'demo:x', '-')).rejects.toThrow(UsageError);
  });
});
