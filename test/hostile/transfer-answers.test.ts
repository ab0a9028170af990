/** A server whose answers do not fit the requests. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { BaiError, ProtocolError, TimeoutError, TransferError } from '../../src/errors.ts';
import { createRemoteFiles } from '../../src/transfer/remote-files.ts';
import { connectSftp, openFiles, tempFolder, tree, watch } from '../e2e/transfer-session.ts';
import { fileMode, fileText, type Lies, named, type Request, startLiar } from './transfer-liar.ts';

const { OK, EOF, FAILURE } = ssh2.utils.sftp.STATUS_CODE;

const brokenReads: readonly (readonly [string, Lies, string])[] = [
  ['with nothing, for ever', { onRead: ({ sftp, id }) => sftp.data(id, Buffer.alloc(0)) }, 'source-changed'],
  ['that the file has ended', { onRead: ({ sftp, id }) => sftp.status(id, EOF) }, 'source-changed'],
  ['that all is well', { onRead: ({ sftp, id }) => sftp.status(id, OK) }, 'source-changed'],
  ['with a handle', { onRead: ({ sftp, id }) => sftp.handle(id, Buffer.from('h')) }, 'source-changed'],
  ['with a failure', { onRead: ({ sftp, id }) => sftp.status(id, FAILURE) }, 'transfer'],
];

test.each(brokenReads)('a server that answers reads %s does not hang get', async (_, lies, code) => {
  await using local = await tempFolder();
  await using liar = await startLiar({ ...lies, attributes: { size: 5_000_000 } });
  await using files = await openFiles(liar);
  await writeFile(join(local.path, 'target'), 'old');
  await expect(files.get(get('x', join(local.path, 'target')), watch())).rejects.toMatchObject({ code });
  expect(await readFile(join(local.path, 'target'), 'utf8')).toBe('old');
  expect(await tree(local.path)).toEqual(['target']);
});

test('a server that answers reads one byte at a time is slow, not wrong', async () => {
  await using local = await tempFolder();
  await using liar = await startLiar({
    onRead: ({ sftp, id }, position) => sftp.data(id, Buffer.from(fileText).subarray(position, position + 1)),
  });
  await using files = await openFiles(liar);
  await files.get(get('x', join(local.path, 'x')), watch());
  expect(await readFile(join(local.path, 'x'), 'utf8')).toBe(fileText);
});

test.each([Number.MAX_SAFE_INTEGER, 2 ** 62, 2 ** 64 - 2 ** 12])(
  'a size of %i is not believed',
  async (size) => {
    await using local = await tempFolder();
    await using liar = await startLiar({ attributes: { size } });
    await using files = await openFiles(liar);
    await expect(files.get(get('x', join(local.path, 'x')), watch())).rejects.toBeInstanceOf(BaiError);
    expect(await tree(local.path)).toEqual([]);
  },
);

test('a size that fits no disk is refused before the disk is full of it', async () => {
  let reads = 0;
  await using local = await tempFolder();
  await using liar = await startLiar({
    attributes: { size: 2 ** 52 },
    onRead: ({ sftp, id }, _, length) => {
      reads += 1;
      sftp.data(id, Buffer.alloc(length));
    },
  });
  await using files = await openFiles(liar);
  const target = join(local.path, 'x');
  await expect(files.get(get('x', target), watch())).rejects.toMatchObject({ code: 'no-room' });
  expect(reads).toBe(0);
  expect(await tree(local.path)).toEqual([]);
});

test('a size smaller than the file gives an error or the announced bytes, never more', async () => {
  await using local = await tempFolder();
  await using liar = await startLiar({
    attributes: { size: 4 },
    onRead: ({ sftp, id }) => sftp.data(id, Buffer.from(fileText)),
  });
  await using files = await openFiles(liar);
  await files.get(get('x', join(local.path, 'x')), watch());
  expect(await readFile(join(local.path, 'x'), 'utf8')).toBe(fileText.slice(0, 4));
});

test('a put whose bytes the server lost is an error, and the part is removed', async () => {
  await using local = await tempFolder();
  await using liar = await startLiar({ attributes: { size: 3 }, onStat: noSuchFile });
  await using files = await openFiles(liar);
  await writeFile(join(local.path, 'x'), 'five!');
  const put = files.put(get(join(local.path, 'x'), 'x'), watch());
  await expect(put).rejects.toMatchObject({ code: 'size-differs' });
  expect(liar.changed).toEqual(['.x.bai-part']);
});

test('a put that the server refuses in the middle removes its part', async () => {
  await using local = await tempFolder();
  let writes = 0;
  await using liar = await startLiar({
    onStat: noSuchFile,
    onWrite: ({ sftp, id }) => sftp.status(id, ++writes > 5 ? FAILURE : OK),
  });
  await using files = await openFiles(liar);
  await writeFile(join(local.path, 'x'), Buffer.alloc(5_000_000));
  await expect(files.put(get(join(local.path, 'x'), 'x'), watch())).rejects.toBeInstanceOf(TransferError);
  expect(liar.changed).toEqual(['.x.bai-part']);
});

test('a rename that is done late, after its connection was lost, never meets a part that is not whole', async () => {
  await using local = await tempFolder();
  const renamed: string[] = [];
  await using liar = await startLiar({
    attributes: { size: 7 },
    onRename: ({ sftp, id }, from) => {
      renamed.push(from);
      if (renamed.length === 1) sftp.end();
      else sftp.status(id, OK);
    },
  });
  const { signal } = new AbortController();
  const dial = () => connectSftp(liar);
  await using files = createRemoteFiles(await dial(), { signal, dial });
  const sent = join(local.path, 'sent');
  await writeFile(sent, 'content');
  const { files: moved, retries } = await files.put(get(sent, 'x'), watch());
  expect([moved, retries, renamed.length]).toEqual([1, 1, 2]);
  expect(liar.opened.filter((path) => path === renamed[0])).toHaveLength(1);
});

test('without posix-rename the old file goes only when the new one is whole', async () => {
  await using local = await tempFolder();
  const renames: string[] = [];
  await using liar = await startLiar({
    attributes: { size: 5 },
    onRename: ({ sftp, id }, from, to) => sftp.status(id, renames.push(`${from} ${to}`) === 1 ? FAILURE : OK),
  });
  await using files = await openFiles(liar);
  await writeFile(join(local.path, 'x'), 'five!');
  await files.put(get(join(local.path, 'x'), 'x'), watch());
  expect(liar.changed).toEqual(['x']);
  expect(renames).toEqual(['.x.bai-part x', '.x.bai-part x']);
});

test('a part that is the only copy left is kept and named', async () => {
  await using local = await tempFolder();
  await using liar = await startLiar({
    attributes: { size: 5 },
    onRename: ({ sftp, id }) => sftp.status(id, FAILURE),
  });
  await using files = await openFiles(liar);
  await writeFile(join(local.path, 'x'), 'five!');
  const put = files.put(get(join(local.path, 'x'), 'x'), watch());
  await expect(put).rejects.toMatchObject({
    code: 'not-renamed',
    message: expect.stringContaining('.x.bai-part'),
  });
  expect(liar.changed).toEqual(['x']);
});

const strangeAnswers: readonly (readonly [string, (request: Request) => void])[] = [
  ['that all is well', ({ sftp, id }) => sftp.status(id, OK)],
  ['with names', ({ sftp, id }) => sftp.name(id, [named('x', fileMode)])],
  ['with data', ({ sftp, id }) => sftp.data(id, Buffer.from('x'))],
];

test.each(strangeAnswers.slice(0, 2))(
  'a server that answers open %s is a protocol error',
  async (_, onOpen) => {
    await using local = await tempFolder();
    await using liar = await startLiar({ onOpen });
    await using files = await openFiles(liar);
    await expect(files.get(get('x', join(local.path, 'x')), watch())).rejects.toBeInstanceOf(ProtocolError);
    expect(await tree(local.path)).toEqual([]);
  },
);

test.each(strangeAnswers)('a server that answers stat %s is a protocol error', async (_, onStat) => {
  await using liar = await startLiar({ onStat });
  await using files = await openFiles(liar);
  await expect(files.stat('x')).rejects.toBeInstanceOf(ProtocolError);
});

const strangeListings: readonly (readonly [string, (request: Request) => void])[] = [
  ['parts without names, for ever', ({ sftp, id }) => sftp.name(id, [])],
  ['that all is well', ({ sftp, id }) => sftp.status(id, OK)],
  ['attributes', ({ sftp, id }) => sftp.attrs(id, named('x', fileMode).attrs)],
];

test.each(strangeListings)('a server that lists %s ends in an error', async (_, moreNames) => {
  await using local = await tempFolder();
  await using liar = await startLiar({ folders: { trap: [{ name: 'good' }] }, moreNames });
  await using files = await openFiles(liar);
  const summary = await files.get({ sources: ['trap'], target: local.path, recursive: true }, watch());
  expect(summary).toMatchObject({ files: 1, failed: [{ path: 'trap', code: 'protocol' }] });
});

test('a listing of refused names without end is given up, and memory stays bounded', async () => {
  await using local = await tempFolder();
  const part = Array.from({ length: 500 }, (_, index) => named(`../${index}`, fileMode));
  await using liar = await startLiar({
    folders: { trap: [{ name: '../x' }] },
    moreNames: ({ sftp, id }) => sftp.name(id, part),
  });
  await using files = await openFiles(liar);
  const endless = files.get({ sources: ['trap'], target: local.path, recursive: true }, watch());
  await expect(endless).rejects.toMatchObject({ code: 'too-many-problems' });
});

test('a server that does not answer any more ends in a timeout', async () => {
  await using local = await tempFolder();
  await using liar = await startLiar({ onRead: () => {} });
  await using files = await openFiles(liar, { stallMs: 200 });
  await expect(files.get(get('x', join(local.path, 'x')), watch())).rejects.toBeInstanceOf(TimeoutError);
  expect(await tree(local.path)).toEqual([]);
});

test('words of the server reach no terminal as they are', async () => {
  await using liar = await startLiar({
    onStat: ({ sftp, id }) => sftp.status(id, FAILURE, 'full\u001b[2J\r\nroot:x'),
  });
  await using files = await openFiles(liar);
  await expect(files.stat('x')).rejects.toThrow(/full\\x1b\[2J\\r\\nroot:x/);
});

function noSuchFile({ sftp, id }: Request): void {
  sftp.status(id, ssh2.utils.sftp.STATUS_CODE.NO_SUCH_FILE);
}

function get(source: string, target: string) {
  return { sources: [source], target, recursive: false };
}
