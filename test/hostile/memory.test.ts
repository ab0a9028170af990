/** What a server sends without end is refused by name, and is not kept in memory until then. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ServerChannel } from 'ssh2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { content, type TempFolder, tempFolder, tree } from '../e2e/transfer-session.ts';
import { bundle } from '../support/bundle.ts';
import type { Order, Report } from './memory-process.ts';
import { fileMode, type Lies, named, type Request, startLiar } from './transfer-liar.ts';

/** Elsewhere a process cannot read its own largest size. */
const onLinux = test.skipIf(process.platform !== 'linux');
const mostKb = 200 * 1024;
let folder: TempFolder;
let program: string;
beforeAll(async () => {
  folder = await tempFolder();
  program = await bundle(join(import.meta.dirname, 'memory-process.ts'), folder.path);
});
afterAll(() => folder?.[Symbol.asyncDispose]());

async function measure(work: Order['work'], lies: Lies): Promise<Report> {
  await using local = await tempFolder();
  await using liar = await startLiar(lies);
  const { port, user, privateKeyPath } = liar;
  const order: Order = { server: { port, user, privateKeyPath }, work, target: join(local.path, 'in') };
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(order)]);
  const left = (await tree(local.path)).filter((path) => /^in(?:\/.)?$/.test(path) && !path.endsWith('/'));
  expect(left).toEqual([]);
  return JSON.parse(stdout) as Report; // Printed by the program above.
}

/** Parts of a listing, for ever, of names that never come again. */
function endless(nameOf: (count: number) => string, perPart: number) {
  let count = 0;
  return ({ sftp, id }: Request): void => {
    const part = Array.from({ length: perPart }, () => {
      count += 1;
      return named(nameOf(count), fileMode);
    });
    sftp.name(id, part);
  };
}

const trap = { folders: { trap: [{ name: '../x' }] } };
const longNames: Lies = { ...trap, moreNames: endless((count) => `${count}${'n'.repeat(100_000)}`, 1) };
const refusedNames: Lies = { ...trap, moreNames: endless((count) => `../${count}${'n'.repeat(100_000)}`, 1) };
const wideNames: Lies = { ...trap, moreNames: endless((count) => `${count}${'\uac00'.repeat(4_000)}`, 10) };

onLinux.each<[Order['work'], string, Lies]>([
  ['list', 'names of 100,000 characters', longNames],
  ['list', 'names of 4,000 wide characters', wideNames],
  ['sync', 'names of 100,000 characters', longNames],
  ['sync', 'refused names of 100,000 characters', refusedNames],
])('%s: %s without end are a protocol error', async (work, _, lies) => {
  const report = await measure(work, lies);
  expect(report).toMatchObject({ code: 'protocol' });
  expect(report.growthKb).toBeLessThan(mostKb);
});

onLinux.each([
  ['names of 100,000 characters', longNames],
  ['refused names of 100,000 characters', refusedNames],
])('get -r: %s without end are named and given up', async (_, lies) => {
  const report = await measure('get -r', lies);
  expect(report).toMatchObject({ code: 'done', failed: expect.arrayContaining(['protocol']) });
  expect(report.growthKb).toBeLessThan(mostKb);
});

const block = content(255 * 1024);

onLinux.each<[Order['work'], number]>([
  ['get', 2 ** 62],
  ['stream', 2 ** 62],
])('%s of a file of %i bytes that never ends is refused', async (work, size) => {
  const onRead = ({ sftp, id }: Request, _: number, length: number): void =>
    sftp.data(id, block.subarray(0, length));
  const report = await measure(work, { attributes: { size }, onRead });
  expect(report.code).not.toMatch(/done|bug/);
  expect(report.growthKb).toBeLessThan(mostKb);
});

onLinux.each([
  ['noise', block],
  ['zeros', Buffer.alloc(255 * 1024)],
])('a tar stream of %s without end is given up, and that is said', async (_, chunk) => {
  const onExec = (channel: ServerChannel, command: string): void => {
    channel.on('error', () => {});
    channel.resume();
    if (command.includes('command -v tar')) {
      channel.exit(0);
      channel.end();
      return;
    }
    const send = (): void => {
      while (channel.writable && channel.write(chunk));
    };
    channel.on('drain', send);
    send();
  };
  const report = await measure('tar', { folders: { trap: [{ name: 'good' }, { name: 'other' }] }, onExec });
  expect(report).toMatchObject({ code: 'done', failed: [], retried: ['tar-failed'] });
  expect(report.growthKb).toBeLessThan(mostKb);
});
