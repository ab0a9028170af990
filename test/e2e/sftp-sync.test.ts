/** `bai sftp sync` in both directions, on a real server. */

import { mkdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as sync from '../../src/commands/sftp/sync.ts';
import { UsageError } from '../../src/errors.ts';
import { localFiles } from '../../src/transfer/local/local-files.ts';
import type { RemoteFiles } from '../../src/transfer/remote-files.ts';
import { dropbearMissing, sshdMissing, startDropbear, startSshd, type TestSshd } from '../support/sshd.ts';
import { sftpBed } from './sftp-bed.ts';
import { tempFolder, tree } from './transfer-session.ts';

const servers = [
  { name: 'OpenSSH', missing: sshdMissing, start: startSshd },
  { name: 'dropbear', missing: dropbearMissing, start: startDropbear },
];
const past = new Date('2020-01-02T03:04:05.678Z');

async function fill(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
    await utimes(join(folder, name), past, past);
  }
}

describe.each(servers)('bai sftp sync with $name', ({ missing, start }) => {
  if (missing !== undefined) return test.skip(missing, () => {});
  let server: TestSshd;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const bed = sftpBed(() => server);

  /** The two ends in either direction, as paths and as they are written. */
  async function ends(direction: string, name: string, folder: string) {
    const [far, near] = [join(server.home, name), join(folder, 'near')];
    const [source, target] = direction === 'put' ? [near, far] : [far, near];
    const args = direction === 'put' ? [near, `demo:${name}`] : [`demo:${name}`, near];
    return { source, target, args };
  }

  test.each(['put', 'get'])('%s: a second run finds nothing to do', async (direction) => {
    await using local = await tempFolder();
    const { source, target, args } = await ends(direction, `again-${direction}`, local.path);
    await fill(source, { a: 'one', 'sub/b': 'two', 'sub/.hidden': '', 'deep/er/c': 'three' });
    await mkdir(join(source, 'empty'));
    expect(await bed.run(sync, ...args)).toMatchObject({
      exitCode: 0,
      value: { files: 4, bytes: 11, unchanged: 0, removed: 0 },
    });
    expect(await tree(target)).toEqual(await tree(source));
    expect(await bed.run(sync, ...args)).toMatchObject({ exitCode: 0, value: { files: 0, unchanged: 4 } });
  });

  test.each(['put', 'get'])(
    '%s: only what differs is moved, and --delete removes the rest',
    async (direction) => {
      await using local = await tempFolder();
      const { source, target, args } = await ends(direction, `delete-${direction}`, local.path);
      await fill(source, { a: 'one', 'sub/b': 'two' });
      await bed.run(sync, ...args);
      await fill(source, { a: 'longer' });
      await fill(target, { 'extra/x/y': 'y', 'sub/old': 'old', 'keep.log': 'log' });
      await symlink('/', join(target, 'link'));
      expect(await bed.run(sync, ...args)).toMatchObject({ value: { files: 1, removed: 0 } });
      const answer = await bed.run(sync, '--delete', '--exclude', '*.log', ...args);
      expect(answer).toMatchObject({ exitCode: 0, value: { files: 0, removed: 5, failed: [] } });
      expect(await tree(target)).toEqual(['a', 'keep.log', 'sub/', 'sub/b']);
      expect(await readFile(join(target, 'a'), 'utf8')).toBe('longer');
    },
  );

  test.each(['put', 'get'])(
    '%s: parts of other transfers are neither copied nor removed',
    async (direction) => {
      await using local = await tempFolder();
      const { source, target, args } = await ends(direction, `parts-${direction}`, local.path);
      await fill(source, { a: 'one', '.b.bai-part': 'b' });
      await fill(target, { '.c.bai-part': 'c', 'sub/.d.bai-journal': 'd', old: '' });
      expect(await bed.run(sync, '--delete', ...args)).toMatchObject({
        exitCode: 0,
        value: { files: 1, removed: 1 },
      });
      expect(await tree(target)).toEqual(['.c.bai-part', 'a', 'sub/', 'sub/.d.bai-journal']);
    },
  );

  test.each(['put', 'get'])('%s: --checksum moves what has other bytes, and only that', async (direction) => {
    await using local = await tempFolder();
    const { source, target, args } = await ends(direction, `sum-${direction}`, local.path);
    const names = ['a', "it's -n $(x)", 'sub/`b`', '-'];
    const all = (text: string) => Object.fromEntries(names.map((name) => [name, name + text]));
    await fill(source, { ...all('same'), changed: 'old', empty: '', 'skip.log': 'x' });
    await fill(target, { ...all('same'), changed: 'new', empty: '', 'skip.log': 'y' });
    const time = 1_700_000_000;
    // The one that differs has the same time, and the same ones have others.
    for (const folder of [source, target]) await utimes(join(folder, 'changed'), time, time);
    await utimes(join(source, 'a'), time, time);
    const dry = await bed.run(sync, '-n', '--checksum', '--exclude', '*.log', ...args);
    expect(dry.value).toMatchObject({ copies: [{ path: 'changed', reason: 'checksum' }], unchanged: 5 });
    const answer = await bed.run(sync, '--checksum', '--exclude', '*.log', ...args);
    expect(answer).toMatchObject({ exitCode: 0, value: { files: 1, unchanged: 5 } });
    expect(await readFile(join(target, 'changed'), 'utf8')).toBe('old');
  });

  test.each(['put', 'get'])('%s: --dry-run says what would be done and does nothing', async (direction) => {
    await using local = await tempFolder();
    const { source, target, args } = await ends(direction, `dry-${direction}`, local.path);
    await fill(source, { 'new/a': 'a' });
    await fill(target, { old: 'o' });
    const answer = await bed.run(sync, '-n', '--delete', ...args);
    expect(answer.value).toMatchObject({
      dryRun: true,
      folders: ['new'],
      copies: [{ path: 'new/a', bytes: 1, reason: 'new' }],
      removals: [{ path: 'old', isFolder: false }],
    });
    expect(answer.results[0]?.human).toEqual(['mkdir  new/', 'copy   new/a (new)', 'remove old']);
    expect(await tree(target)).toEqual(['old']);
  });

  test.each(['put', 'get'])(
    '%s: a link in the target is not written through, and nothing is removed then',
    async (direction) => {
      await using local = await tempFolder();
      const { source, target, args } = await ends(direction, `link-${direction}`, local.path);
      await fill(source, { 'sub/a': 'new' });
      await fill(local.path, { 'outside/a': 'precious' });
      await fill(target, { other: '' });
      await symlink(join(local.path, 'outside'), join(target, 'sub'));
      const answer = await bed.run(sync, '--delete', ...args);
      expect(answer).toMatchObject({
        exitCode: 1,
        value: { files: 0, removed: 0, failed: [{ code: 'leads-outside' }] },
      });
      expect(await readFile(join(local.path, 'outside/a'), 'utf8')).toBe('precious');
      expect(await tree(target)).toEqual(['other', 'sub']);
    },
  );

  test.each(['put', 'get'])(
    '%s: a folder that becomes a link after it was listed is not emptied',
    async (direction) => {
      await using local = await tempFolder();
      const { source, target, args } = await ends(direction, `swap-${direction}`, local.path);
      await fill(source, { kept: '' });
      await fill(target, { 'sub/a': 'a', kept: '' });
      await fill(local.path, { 'outside/a': 'precious' });
      const swapping = sftpBed(
        () => server,
        (files) =>
          beforeTransfer(files, async () => {
            await rename(join(target, 'sub'), join(local.path, 'moved'));
            await symlink(join(local.path, 'outside'), join(target, 'sub'));
          }),
      );
      await rm(join(target, 'kept'));
      const answer = await swapping.run(sync, '--delete', ...args);
      expect(answer.exitCode).toBe(1);
      expect(await readFile(join(local.path, 'outside/a'), 'utf8')).toBe('precious');
    },
  );

  test('nothing is removed when the server lists a name that is refused', async () => {
    await using local = await tempFolder();
    await fill(join(server.home, 'refused'), { good: 'g', 'bad\nname': 'b' });
    await fill(join(local.path, 'near'), { old: '' });
    const answer = await bed.run(sync, '--delete', 'demo:refused', join(local.path, 'near'));
    expect(answer).toMatchObject({
      exitCode: 1,
      value: { files: 1, removed: 0, failed: [{ code: 'refused-name' }] },
    });
    expect(await tree(join(local.path, 'near'))).toEqual(['good', 'old']);
  });

  test.each(['demo:', 'demo:~', 'demo:/', 'demo:.', 'demo:a/..'])(
    '--delete does not clear %s',
    async (target) => {
      await using local = await tempFolder();
      await expect(bed.run(sync, '--delete', local.path, target)).rejects.toThrow(UsageError);
    },
  );

  test('what is in the folder of an unfinished transfer is neither moved nor removed, nor asked about', async () => {
    await using local = await tempFolder();
    await fill(join(local.path, 'near'), { a: 'a', '.x.bai-tar/inside': 'i', '.x.bai-tar/bad\nname': 'b' });
    await fill(join(server.home, 'running'), { '.y.bai-tar/begun': 'b', old: 'o' });
    const answer = await bed.run(sync, '--delete', join(local.path, 'near'), 'demo:running');
    expect(answer).toMatchObject({ exitCode: 0, value: { files: 1, removed: 1, failed: [] } });
    expect(await tree(join(server.home, 'running'))).toEqual(['.y.bai-tar/', '.y.bai-tar/begun', 'a']);
  });

  test('--delete clears neither the home over there by its whole path, nor what it is in', async () => {
    await using local = await tempFolder();
    await fill(join(server.home, 'kept'), { a: 'a' });
    for (const target of [server.home, `${server.home}/`, dirname(server.home)])
      await expect(bed.run(sync, '--delete', '--dry-run', local.path, `demo:${target}`)).rejects.toThrow(
        /does not clear a whole place/,
      );
    expect(await tree(join(server.home, 'kept'))).toEqual(['a']);
  });

  test('--delete clears no home on this machine, and no disk: what is one has been asked before anything is opened', async () => {
    await using local = await tempFolder();
    await fill(join(local.path, 'near'), { old: '' });
    const before = homedir();
    process.env['HOME'] = join(local.path, 'near');
    try {
      for (const target of [join(local.path, 'near'), local.path, join(local.path, 'near', '.')])
        await expect(bed.run(sync, '--delete', 'demo:nowhere', target)).rejects.toThrow(
          /does not clear a whole place/,
        );
      expect(await localFiles.holdsHome('/')).toBe(true);
      expect(await localFiles.holdsHome(join(local.path, 'near', 'below'))).toBe(false);
    } finally {
      process.env['HOME'] = before;
    }
    expect(await tree(join(local.path, 'near'))).toEqual(['old']);
  });

  test.each([
    ['a', 'b'],
    ['demo:a', 'demo:b'],
  ])('%s and %s cannot be the two ends', async (source, target) => {
    await expect(bed.run(sync, source, target)).rejects.toThrow(UsageError);
  });

  test('a source that is not there, or a file, is an error and removes nothing', async () => {
    await using local = await tempFolder();
    await fill(join(server.home, 'safe'), { a: 'a' });
    const run = bed.run(sync, '--delete', join(local.path, 'none'), 'demo:safe');
    await expect(run).rejects.toMatchObject({ exitCode: 4 });
    await expect(bed.run(sync, 'demo:safe/a', local.path)).rejects.toMatchObject({ code: 'not-a-folder' });
    expect(await tree(join(server.home, 'safe'))).toEqual(['a']);
  });
});

/** Runs something after the listings and before the first byte. */
function beforeTransfer(files: RemoteFiles, change: () => Promise<void>): RemoteFiles {
  return {
    ...files,
    put: async (job, observer) => {
      await change();
      return files.put(job, observer);
    },
    get: async (job, observer) => {
      await change();
      return files.get(job, observer);
    },
  };
}
