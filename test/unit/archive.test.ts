/** One file out of a download answer, whatever else the answer holds. */

import { pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { fileInDownload, multipartBodies } from '../../src/providers/backend-ai/session/archive.ts';

type Entry = readonly [header: Parameters<ReturnType<typeof pack>['entry']>[0], content?: string | undefined];

async function tar(...entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack();
  for (const [header, content] of entries) {
    if (content === undefined) archive.entry(header);
    else archive.entry(header, content);
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function multipart(parts: readonly Buffer[], boundary = 'x1y2'): Buffer {
  const pieces = parts.flatMap((part) => [
    Buffer.from(`--${boundary}\r\nContent-Type: application/x-tar\r\n\r\n`),
    part,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

const type = 'multipart/mixed; boundary=x1y2';
const read = async (body: Buffer, path = 'id_container', contentType = type): Promise<string> =>
  Buffer.from(await fileInDownload(body, contentType, path)).toString();

test('the file comes out as it is', async () => {
  expect(await read(multipart([await tar([{ name: 'id_container' }, 'the key\n'])]))).toBe('the key\n');
});

test('the file is found in the second part, and by the last part of its path', async () => {
  const body = multipart([
    await tar([{ name: 'other' }, 'no']),
    await tar([{ name: 'id_container' }, 'yes']),
  ]);
  expect(await read(body, '/home/work/id_container')).toBe('yes');
});

test('a quoted boundary is understood', async () => {
  const body = multipart([await tar([{ name: 'id_container' }, 'k'])]);
  expect(await read(body, 'id_container', 'multipart/mixed; boundary="x1y2"; charset=utf-8')).toBe('k');
});

test('content that looks like the delimiter does not end the part early', async () => {
  const content = 'first\n--x1y2\nlast';
  expect(await read(multipart([await tar([{ name: 'id_container' }, content])]))).toBe(content);
});

test.each([
  ['a link', { name: 'id_container', type: 'symlink', linkname: '/etc/shadow' }],
  ['a folder', { name: 'id_container', type: 'directory' }],
  ['a path that climbs', { name: '../id_container' }],
  ['an absolute path', { name: '/id_container' }],
] as const)('%s of that name is not taken for the file', async (_what, header) => {
  const body = multipart([await tar([header, 'type' in header ? undefined : 'evil'])]);
  await expect(read(body)).rejects.toMatchObject({ code: 'file-not-found' });
});

test('an archive without the file says so', async () => {
  await expect(read(multipart([await tar()]))).rejects.toMatchObject({ code: 'file-not-found', exitCode: 4 });
});

test('an answer that is not a multipart message is a protocol error', async () => {
  await expect(read(Buffer.from('x'), 'f', 'text/html')).rejects.toMatchObject({ code: 'protocol' });
});

test('a broken archive is a protocol error', async () => {
  await expect(read(multipart([Buffer.alloc(700, 0x41)]))).rejects.toMatchObject({ code: 'protocol' });
});

test('an archive that breaks off is no empty success', async () => {
  const whole = await tar([{ name: 'id_container' }, 'k'.repeat(4000)]);
  await expect(read(multipart([whole.subarray(0, 1000)]))).rejects.toMatchObject({ name: /Error$/ });
});

test('a message without its end gives no part', () => {
  expect(multipartBodies(Buffer.from('--x1y2\r\n\r\nhalf'), type)).toEqual([]);
});
