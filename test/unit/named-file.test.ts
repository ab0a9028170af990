/** Files that are named to be read whole have a bound, and may be pipes. */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { readNamedFile } from '../../src/files/named-file.ts';
import { tempFolder } from '../support/temp-folder.ts';

const { signal } = new AbortController();
const limit = { mostBytes: 100_000, thing: 'it may be', signal };

test('exactly as much as may be is read, and one byte more is refused', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'file');
  writeFileSync(path, 'a'.repeat(100_000));
  expect(await readNamedFile(path, limit)).toHaveLength(100_000);
  writeFileSync(path, 'a'.repeat(100_001));
  await expect(readNamedFile(path, limit)).rejects.toThrow(
    new UsageError(`${path} is larger than it may be`),
  );
});

test('"--env-file eats all memory": what is far too large is not read', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'file');
  writeFileSync(path, '');
  truncateSync(path, 2 ** 40);
  await expect(readNamedFile(path, limit)).rejects.toThrow('is larger than');
});

test('a pipe is read to its end, and one without end is refused', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'pipe');
  execFileSync('mkfifo', [path]);
  for (const [program, outcome] of [
    ['echo hello', 'hello\n'],
    ['yes', 'larger'],
  ] as const) {
    const writer = spawn('sh', ['-c', `exec > "$0"; exec ${program}`, path], { stdio: 'ignore' });
    const ended = once(writer, 'exit');
    const read = readNamedFile(path, limit);
    if (outcome === 'larger') await expect(read).rejects.toThrow('is larger than');
    else expect((await read).toString()).toBe(outcome);
    await ended;
  }
});
