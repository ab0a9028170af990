/** `bai sftp get SESSION:FILE /dev/fd/N`: what a shell hands over open, as for `>(…)`, is written to and never replaced. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localFiles } from '../../src/transfer/local/local-files.ts';
import { cleanEnvironment, launcher } from '../support/bai.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { type EmulatorBed, openEmulator } from './app-bed.ts';

const large = Buffer.alloc(9_000_000, 'large');
let bed: EmulatorBed;
beforeAll(async () => {
  bed = await openEmulator();
  const home = bed.emulator.sessions.get(await bed.create('demo')).home ?? '';
  writeFileSync(join(home, 'large'), large);
  writeFileSync(join(home, 'small'), 'small\n');
});
afterAll(() => bed?.[Symbol.asyncDispose]());

/** `third` is what the number 3 stands for. */
function get(
  args: readonly string[],
  third: 'pipe' | number,
): ChildProcess & { stdout: Readable; stderr: Readable } {
  const child = spawn(process.execPath, [launcher, 'sftp', 'get', ...args], {
    env: cleanEnvironment({ home: bed.home, env: bed.env }),
    cwd: bed.home,
    stdio: ['ignore', 'pipe', 'pipe', third],
  });
  // Both are pipes.
  return child as ChildProcess & { stdout: Readable; stderr: Readable };
}

test.each([
  ['/dev/stdout', 1],
  ['/dev/stderr', 2],
  ['/dev/fd/63', 63],
  ['/proc/self/fd/3', 3],
  ['//dev/./fd/3', 3],
  ['/dev/fd/', undefined],
  ['/dev/fd/x', undefined],
  ['/dev/null', undefined],
  ['/dev/fd/3/x', undefined],
  ['dev/stdout', undefined],
])('%s is the descriptor %s', (path, number) => {
  expect(localFiles.descriptorOf(path)).toBe(number);
});

test('a pipe is written to, and the answer is on stdout', async () => {
  const child = get(['demo:large', '/dev/fd/3', '--json'], 'pipe');
  const [bytes, answer, [code]] = await Promise.all([
    buffer(child.stdio[3] as Readable),
    text(child.stdout),
    once(child, 'close'),
  ]);
  expect(code).toBe(0);
  expect(bytes.equals(large)).toBe(true);
  expect(JSON.parse(answer)).toMatchObject({ files: 1, bytes: large.length });
});

test('the number of stdout is stdout, and the answer goes beside it', async () => {
  const child = get(['demo:small', '/proc/self/fd/1', '--json'], 'pipe');
  const [out, aside, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  expect([code, out]).toEqual([0, 'small\n']);
  expect(JSON.parse(aside)).toMatchObject({ result: { files: 1 } });
});

test('one pipe under several numbers is one that was handed over', async () => {
  const line = `exec '${process.execPath}' '${launcher}' sftp get demo:small /dev/fd/3 -q 3>&1 2>&1 | cat`;
  const env = cleanEnvironment({ home: bed.home, env: bed.env });
  const { stdout } = await promisify(execFile)('sh', ['-c', line], { env, cwd: bed.home });
  expect(stdout).toBe('small\n');
});

test('a file that is appended to is appended to', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'log');
  writeFileSync(path, 'before\n');
  const descriptor = openSync(path, 'a');
  const child = get(['demo:small', '/dev/fd/3'], descriptor);
  const [code] = (await once(child, 'close')) as [number];
  closeSync(descriptor);
  expect([code, readFileSync(path, 'utf8')]).toEqual([0, 'before\nsmall\n']);
});

test('a reader that goes away, and a number that nothing is open under, are named', async () => {
  const gone = get(['demo:large', '/dev/fd/3'], 'pipe');
  (gone.stdio[3] as Readable).destroy();
  const [said, [code]] = await Promise.all([text(gone.stderr), once(gone, 'close')]);
  expect([code, said]).toEqual([1, expect.stringContaining('cannot write /dev/fd/3 on this machine')]);
  // The first ones are those that Node itself has open.
  for (const number of [4, 5, 6, 7, 8, 9, 10, 11, 12, 999]) {
    const none = get(['demo:small', `/dev/fd/${number}`], 'pipe');
    const [words, [status]] = await Promise.all([text(none.stderr), once(none, 'close')]);
    expect([number, status, words]).toEqual([
      number,
      1,
      expect.stringContaining('nothing is open under that number'),
    ]);
  }
});

test('Ctrl-C ends the wait for a reader that does not read', async () => {
  const child = get(['demo:large', '/dev/fd/3'], 'pipe');
  const pipe = child.stdio[3] as Readable;
  await once(pipe, 'readable');
  const ended = once(child, 'close');
  child.kill('SIGINT');
  pipe.destroy();
  expect(await ended).toEqual([130, null]);
});

test('two files have no place in one pipe', async () => {
  const child = get(['demo:small', 'demo:large', '/dev/fd/3'], 'pipe');
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  expect([code, said]).toEqual([2, expect.stringContaining('"/dev/fd/3" takes one file, not 2')]);
});
