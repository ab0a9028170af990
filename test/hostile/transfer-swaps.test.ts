/** Links that take the place of folders while a transfer runs, and servers that lie to sync, globs and put. */

import { once } from 'node:events';
import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import * as get from '../../src/commands/sftp/get.ts';
import * as sync from '../../src/commands/sftp/sync.ts';
import { UnreachableError } from '../../src/errors.ts';
import { openSshConnection } from '../../src/ssh/connection.ts';
import { sftpBed } from '../e2e/sftp-bed.ts';
import { openFiles, tempFolder, tree, watch } from '../e2e/transfer-session.ts';
import { fileMode, fileText, folderMode, named, startLiar } from './transfer-liar.ts';

const hostile = [
  '../escaped',
  '/escaped',
  'sub/escaped',
  '..\\escaped',
  'good\0',
  'line\nbreak',
  '\ufffd',
  'n\u009b1m',
];

test.each([fileText.length, 6_000_000])(
  'a folder that becomes a link while a file of %i bytes is fetched is not written through',
  async (size) => {
    await using local = await tempFolder();
    const [target, outside] = [join(local.path, 'target'), join(local.path, 'outside')];
    for (const path of [target, outside]) await mkdir(path);
    await writeFile(join(outside, 'x'), 'precious');
    let isSwapped = false;
    const swap = async (): Promise<void> => {
      if (isSwapped) return;
      isSwapped = true;
      await rename(join(target, 'trap', 'sub'), join(local.path, 'moved'));
      await symlink(outside, join(target, 'trap', 'sub'));
    };
    await using liar = await startLiar({
      folders: { trap: [{ name: 'sub', mode: folderMode }], 'trap/sub': [{ name: 'x' }] },
      attributes: { size },
      onRead: ({ sftp, id }, position, length) =>
        void swap().then(() => sftp.data(id, Buffer.alloc(Math.min(length, size - position), 'e'))),
    });
    const job = ['-r', 'demo:trap', target];
    const answer = await sftpBed(() => liar).run(get, ...job);
    expect(answer).toMatchObject({ exitCode: 1, value: { files: 0, failed: [{ code: 'leads-outside' }] } });
    expect(await tree(outside)).toEqual(['x']);
    expect(await readFile(join(outside, 'x'), 'utf8')).toBe('precious');
  },
);

test.each(['get', 'put'])(
  'sync --delete (%s) removes nothing when the server lists hostile names',
  async (direction) => {
    await using local = await tempFolder();
    const near = join(local.path, 'near');
    const names = [...hostile.map((name) => ({ name })), { name: 'good' }];
    await mkdir(near);
    await writeFile(join(near, 'old'), 'old');
    await writeFile(join(local.path, 'escaped'), 'precious');
    await using liar = await startLiar({
      folders: { far: names, 'far/.': names },
    });
    const ends = direction === 'get' ? ['demo:far', near] : [near, 'demo:far'];
    const answer = await sftpBed(() => liar).run(sync, '--delete', ...ends);
    expect(answer.value).toMatchObject({ removed: 0 });
    expect(liar.changed.filter((path) => !/^far(?:\/[a-z.-]+)?$/.test(path))).toEqual([]);
    expect(await readFile(join(local.path, 'escaped'), 'utf8')).toBe('precious');
    expect(await tree(near)).toEqual(direction === 'get' ? ['good', 'old'] : ['old']);
    if (direction === 'get') expect(answer.exitCode).toBe(1);
  },
);

test('a pattern takes no name that does not match it and none that leads elsewhere', async () => {
  await using local = await tempFolder();
  await writeFile(join(local.path, 'escaped.txt'), 'precious');
  const names = [
    'a.txt',
    'b.bin',
    '../escaped.txt',
    'sub/c.txt',
    '/etc/d.txt',
    'e\n.txt',
    'f\0.txt',
    `${'n'.repeat(4_096)}.txt`,
  ];
  await using liar = await startLiar({
    folders: { '.': names.map((name) => ({ name })) },
    onStat: ({ sftp, id }, path) =>
      path.includes('*')
        ? sftp.status(id, ssh2.utils.sftp.STATUS_CODE.NO_SUCH_FILE)
        : sftp.attrs(id, named(path, path === '.' ? folderMode : fileMode).attrs),
  });
  await mkdir(join(local.path, 'in'));
  const answer = await sftpBed(() => liar).run(get, 'demo:*.txt', `${join(local.path, 'in')}/`);
  expect(answer.exitCode).toBe(1);
  expect(await tree(join(local.path, 'in'))).toEqual(['a.txt']);
  expect(await readFile(join(local.path, 'escaped.txt'), 'utf8')).toBe('precious');
  expect(liar.opened.filter((path) => !/^(a|n+)\.txt$/.test(path))).toEqual([]);
});

test.each([
  ['fifo', 0o010_644],
  ['character device', 0o020_644],
  ['block device', 0o060_644],
  ['socket', 0o140_644],
  ['file of an unknown type', 0o150_644],
])('a %s is not opened, and is named', async (_, mode) => {
  await using local = await tempFolder();
  await using liar = await startLiar({ folders: { trap: [{ name: 'odd', mode }, { name: 'good' }] } });
  await using files = await openFiles(liar);
  const summary = await files.get({ sources: ['trap'], target: local.path, recursive: true }, watch());
  expect(summary).toMatchObject({ files: 1, failed: [{ path: 'trap/odd', code: 'special-file' }] });
  expect(liar.opened).toEqual(['trap/good']);
});

test('a stream that ended before the handshake is a lost connection at once', async () => {
  const stream = new PassThrough();
  stream.destroy();
  await once(stream, 'close');
  const connecting = openSshConnection({
    ...{ session: 'demo', user: 'work', stream, privateKey: Promise.resolve(Buffer.alloc(0)) },
    verifyHostKey: async () => {},
    signal: new AbortController().signal,
  });
  await expect(connecting).rejects.toBeInstanceOf(UnreachableError);
});
