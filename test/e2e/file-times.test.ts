/** Times that SFTP cannot carry, or that a server may have cut: nothing is sent in their place, and sync settles. */

import { execFileSync } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CommandModule } from '../../src/commands/command.ts';
import * as get from '../../src/commands/sftp/get.ts';
import * as put from '../../src/commands/sftp/put.ts';
import * as sync from '../../src/commands/sftp/sync.ts';
import { createRemoteFiles } from '../../src/transfer/remote-files.ts';
import { connectFully } from '../support/ssh-session.ts';
import { sshServers, type TestSshd } from '../support/sshd.ts';
import { type SftpAnswer, sftpBed } from './sftp-bed.ts';
import { content, tempFolder } from './transfer-session.ts';

const unfit = [
  '1901-12-14 00:00:00',
  '1950-06-01 12:00:00.5',
  '1969-12-31 23:59:59.5',
  '2106-02-07 06:28:16',
  '2150-01-01 00:00:00',
  '2200-01-01 00:00:00.25',
];
const fit = [
  '1970-01-01 00:00:00',
  '1970-01-01 00:00:00.5',
  '2001-01-01 00:00:00.999',
  '2038-01-19 03:14:08',
  '2106-02-07 06:28:15.9',
];
const largeBytes = 4_300_000;

/** Node writes no time before 1970. */
function date(path: string, time: string): void {
  execFileSync('touch', ['-d', `${time} UTC`, '--', path]);
}

const secondOf = async (path: string): Promise<number> => Math.floor((await stat(path)).mtimeMs / 1000);
const nameOf = (time: string, size: number): string => `${time.replace(/\D/g, '-')}.${size}`;

describe.each(sshServers)('file times with $name', ({ missing, start }) => {
  if (missing !== undefined) return test.skip(missing, () => {});
  let server: TestSshd;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const bed = sftpBed(
    () => server,
    (files) => files,
    async (address) =>
      createRemoteFiles(await connectFully(address), {
        signal: new AbortController().signal,
        // As the command line does it: dropbear may end a connection whose programs end (an assertion of its own).
        dial: () => connectFully(address),
      }),
  );
  const run = (command: CommandModule, ...args: string[]): Promise<SftpAnswer> => bed.run(command, ...args);

  async function makeFiles(folder: string): Promise<string[]> {
    await mkdir(folder, { recursive: true });
    const names: string[] = [];
    for (const time of [...unfit, ...fit]) {
      for (const size of [20, largeBytes]) {
        const name = nameOf(time, size);
        await writeFile(join(folder, name), content(size));
        date(join(folder, name), time);
        names.push(name);
      }
    }
    return names;
  }

  test.each(['sftp', 'tar'])(
    'a second sync of files of 1950 and 2200 moves nothing, a changed one is moved, by %s',
    async (via) => {
      await using local = await tempFolder();
      const near = join(local.path, 'near');
      const far = join(server.home, `sync-${via}`);
      const names = await makeFiles(near);
      const args = ['--via', via, near, `demo:sync-${via}`];
      const startedAt = Math.floor(Date.now() / 1000);
      const first = await run(sync, ...args);
      expect(first).toMatchObject({ exitCode: 0, value: { files: names.length, failed: [] } });
      expect(first.warnings.filter((line) => line.includes('SFTP cannot carry'))).toHaveLength(1);
      const undated = unfit.flatMap((time) => [nameOf(time, 20), nameOf(time, largeBytes)]);
      expect([...(first.value as { undated: string[] }).undated].sort()).toEqual(undated.sort());
      for (const time of unfit)
        expect(await secondOf(join(far, nameOf(time, 20)))).toBeGreaterThanOrEqual(startedAt - 1);
      for (const time of fit)
        expect(await secondOf(join(far, nameOf(time, 20)))).toBe(Math.floor(Date.parse(`${time}Z`) / 1000));
      const second = await run(sync, ...args);
      expect(second).toMatchObject({ exitCode: 0, value: { files: 0, unchanged: names.length } });
      expect(second.warnings).toEqual([]);
      for (const time of unfit) {
        const path = join(near, nameOf(time, 20));
        await writeFile(path, content(20, 2));
        date(path, time);
      }
      expect(await run(sync, ...args)).toMatchObject({ exitCode: 0, value: { files: unfit.length } });
      for (const time of unfit)
        expect((await readFile(join(far, nameOf(time, 20)))).equals(content(20, 2))).toBe(true);
      expect(await run(sync, ...args)).toMatchObject({ exitCode: 0, value: { files: 0 } });
    },
  );

  test.each(['sftp', 'tar'])(
    'a second sync from a server with such files moves nothing, by %s',
    async (via) => {
      await using local = await tempFolder();
      const names = await makeFiles(join(server.home, `from-${via}`));
      const near = join(local.path, 'near');
      const args = ['--via', via, `demo:from-${via}`, near];
      expect(await run(sync, ...args)).toMatchObject({
        exitCode: 0,
        value: { files: names.length, undated: [] },
      });
      expect(await run(sync, ...args)).toMatchObject({
        exitCode: 0,
        value: { files: 0, unchanged: names.length },
      });
      for (const name of names)
        expect((await stat(join(near, name))).size).toBe(Number(name.slice(name.lastIndexOf('.') + 1)));
    },
  );

  test.each(['1950-01-01', '2200-01-01', '2026-01-01'])(
    '--if-exists newer keeps no old data without a word: a source of %s',
    async (time) => {
      await using local = await tempFolder();
      const [source, name] = [join(local.path, 'source'), `newer-${time}`];
      await writeFile(source, content(20));
      date(source, time);
      const args = ['-p', '--if-exists', 'newer', source, `demo:${name}`];
      expect(await run(put, ...args)).toMatchObject({ exitCode: 0, value: { files: 1 } });
      expect(await run(put, ...args)).toMatchObject({
        exitCode: 0,
        value: { files: 0, skipped: [{ code: 'exists' }] },
      });
      await writeFile(source, content(20, 2));
      date(source, time.startsWith('2026') ? '2026-01-02' : time);
      const there = (): Promise<Buffer> => readFile(join(server.home, name));
      if (time.startsWith('1950')) {
        await expect(run(put, ...args)).rejects.toMatchObject({ code: 'time-unknown', exitCode: 1 });
        expect((await there()).equals(content(20))).toBe(true);
        expect((await run(put, '-p', '--if-exists', 'different', source, `demo:${name}`)).exitCode).toBe(0);
      } else expect((await run(put, ...args)).exitCode).toBe(0);
      expect((await there()).equals(content(20, 2))).toBe(true);
      expect(await run(put, '-p', '--if-exists', 'different', source, `demo:${name}`)).toMatchObject({
        value: { files: 0 },
      });
    },
  );

  test('--if-exists newer does not put a file of 1950, which the server calls 2086, in the place of a newer one', async () => {
    await using local = await tempFolder();
    const target = join(local.path, 'target');
    await writeFile(join(server.home, 'wrapped'), content(20));
    date(join(server.home, 'wrapped'), '1950-01-01');
    await writeFile(target, content(20, 2));
    await expect(run(get, '--if-exists', 'newer', 'demo:wrapped', target)).rejects.toMatchObject({
      code: 'time-unknown',
    });
    expect((await readFile(target)).equals(content(20, 2))).toBe(true);
    await writeFile(target, content(20));
    expect(await run(get, '--if-exists', 'newer', 'demo:wrapped', target)).toMatchObject({
      exitCode: 0,
      value: { files: 0 },
    });
  });

  test('many files that only their bytes can tell settle as well', async () => {
    await using local = await tempFolder();
    const near = join(local.path, 'near');
    await mkdir(near);
    for (let index = 0; index < 250; index += 1) {
      const path = join(near, `${"it's ".repeat(40)}${index}`);
      await writeFile(path, content(10, index + 1));
      date(path, '1950-01-01');
    }
    expect(await run(sync, near, 'demo:many')).toMatchObject({ exitCode: 0, value: { files: 250 } });
    const again = await run(sync, near, 'demo:many');
    expect(again).toMatchObject({ exitCode: 0, value: { files: 0, unchanged: 250 }, warnings: [] });
  });
});
