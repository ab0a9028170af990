/** The tar stream that many small files go in. */

import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ArchiveWriter } from '../../src/transfer/tar/archive-writer.ts';
import { readArchive } from '../../src/transfer/tar/tar-archive.ts';
import { tempFolder } from '../support/temp-folder.ts';

const files = [0, 1, 511, 512, 513, 100_000, 261_120, 5].map((size, index) => ({
  name: `${index}`,
  mode: [0o644, 0o600, 0o755, 0o7777][index % 4] ?? 0,
  modifiedAt: [0, 1, 1_700_000_000, 2 ** 31 - 1][index % 4] ?? 0,
  content: Buffer.alloc(size, index + 65),
}));

async function written(): Promise<Buffer[]> {
  const archive = new ArchiveWriter();
  const pieces: Buffer[] = [];
  const reading = (async () => {
    for await (const piece of archive.bytes()) pieces.push(piece);
  })();
  const scratch = Buffer.alloc(261_120);
  for (const { content, ...file } of files) {
    content.copy(scratch);
    await archive.add({ ...file, content: scratch.subarray(0, content.length) });
    scratch.fill(0);
  }
  archive.finish();
  await reading;
  return pieces;
}

test('what is read from it is what was added, in few pieces', async () => {
  const pieces = await written();
  const found = [];
  const source = async function* (): AsyncGenerator<Buffer> {
    yield* pieces;
  };
  for await (const entry of readArchive(source(), 1024 ** 2)) {
    const { name, mode, modifiedAt, type } = entry;
    expect(type).toBe('file');
    found.push({ name, mode, modifiedAt, content: await entry.content() });
  }
  expect(found).toEqual(files);
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
  expect(bytes % 512).toBe(0);
  expect(pieces.length).toBe(Math.ceil(bytes / (256 * 1024)));
});

test.skipIf(process.platform === 'win32')('tar takes it', async () => {
  using folder = tempFolder();
  execFileSync('tar', ['-x', '-p', '-f', '-', '-C', folder.path], { input: Buffer.concat(await written()) });
  for (const { name, content, mode, modifiedAt } of files) {
    const path = join(folder.path, name);
    expect(readFileSync(path).equals(content)).toBe(true);
    const found = statSync(path);
    expect([found.mode & 0o777, Math.floor(found.mtimeMs / 1000)]).toEqual([mode & 0o777, modifiedAt]);
  }
});

test('it waits for whoever takes its pieces, and no longer once it was given up', async () => {
  const archive = new ArchiveWriter();
  const content = Buffer.alloc(261_120);
  const file = { name: '1', mode: 0o600, modifiedAt: 0, content };
  let added = 0;
  const adding = (async () => {
    for (;;) {
      await archive.add(file);
      added += 1;
    }
  })();
  const ended = adding.catch((error: unknown) => error);
  await new Promise(setImmediate);
  const first = added;
  expect(first).toBeLessThanOrEqual(4);
  const bytes = archive.bytes();
  await bytes.next();
  await expect.poll(() => added).toBe(first + 1);
  archive.abort();
  expect(await ended).toBeInstanceOf(Error);
  await expect(
    (async () => {
      for await (const _ of bytes);
    })(),
  ).rejects.toThrow(/given up/);
});
