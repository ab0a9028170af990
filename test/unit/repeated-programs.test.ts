/** Programs that bai starts in sessions may run twice: a server may seem to have refused one that runs. */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { unpackScript } from '../../src/transfer/remote/remote-staging.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';

const root = fileURLToPath(new URL('../../src', import.meta.url));

/** Why each bears it. */
const programs: Readonly<Record<string, string>> = {
  'transfer/tar/tar-use.ts': 'it looks for a program',
  'transfer/get/get-by-tar.ts': 'it reads, and of one that nobody listens to nothing is taken',
  'transfer/remote/remote-checksums.ts': 'it reads',
  'transfer/remote/waiting-checksum.ts': 'it reads',
  'transfer/local/verify.ts': 'it reads',
  'transfer/remote/remote-staging.ts': 'only the one that makes the folder goes on: see below',
};

test('each program that is started in a session is in this list', () => {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((file) =>
    file.replaceAll('\\', '/'),
  );
  const starts = files.filter(
    (file) =>
      file.endsWith('.ts') &&
      /programs\.(?:run|runOnce|start)\(/.test(readFileSync(join(root, file), 'utf8')),
  );
  expect(starts.toSorted()).toEqual(Object.keys(programs).toSorted());
});

let folder: TempFolder;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder[Symbol.dispose]());

/** As tar streams of a put are: numbers, and `end` at the end. */
async function archive(): Promise<Buffer> {
  const from = join(folder.path, 'from');
  await mkdir(from);
  await writeFile(join(from, '0'), 'content');
  await writeFile(join(from, 'end'), '');
  const { stdout } = await promisify(execFile)('tar', ['-c', '-f', '-', '-C', from, '0', 'end'], {
    encoding: 'buffer',
  });
  return stdout;
}

function unpack(stage: string) {
  const child = spawn('sh', ['-c', unpackScript, 'sh', stage, ''], { stdio: ['pipe', 'ignore', 'ignore'] });
  return { child, ended: once(child, 'exit').then(([status]) => status) };
}

test('a second run of what unpacks leaves the folder of the first one alone', async () => {
  const bytes = await archive();
  const stage = join(folder.path, 'stage');
  const first = unpack(stage);
  // It has made the folder, and waits for its input.
  await expect.poll(() => existsSync(stage)).toBe(true);
  const second = unpack(stage);
  second.child.stdin.on('error', () => {});
  second.child.stdin.end(bytes);
  expect(await second.ended).toBe(1);
  first.child.stdin.end(bytes);
  expect([await first.ended, readFileSync(join(stage, '0'), 'utf8')]).toEqual([0, 'content']);
});

test('one whose input was cut off before it began takes its own folder away, and not that of the next one', async () => {
  const bytes = await archive();
  const stage = join(folder.path, 'stage');
  const first = unpack(stage);
  first.child.stdin.end();
  expect([await first.ended, existsSync(stage)]).toEqual([1, false]);
  const second = unpack(stage);
  second.child.stdin.end(bytes);
  expect([await second.ended, readFileSync(join(stage, '0'), 'utf8')]).toEqual([0, 'content']);
});
