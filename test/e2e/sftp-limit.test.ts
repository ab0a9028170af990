/** `--limit`: whatever way the bytes go, they take the time that the limit says. */

import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as get from '../../src/commands/sftp/get.ts';
import * as put from '../../src/commands/sftp/put.ts';
import * as sync from '../../src/commands/sftp/sync.ts';
import type { CommandModule } from '../../src/commands/shared/command.ts';
import { defaultTransferOptions } from '../../src/core/sftp/transfer-options.ts';
import { InterruptedError } from '../../src/errors.ts';
import { createRemoteFiles } from '../../src/transfer/remote-files.ts';
import { connectFully } from '../support/ssh-session.ts';
import { sshdMissing, startSshd, type TestSshd } from '../support/sshd.ts';
import { type SftpAnswer, sftpBed } from './sftp-bed.ts';
import { content, openFiles, type TempFolder, tempFolder, tree, watch } from './transfer-session.ts';

const why = sshdMissing === undefined ? '' : ` (${sshdMissing})`;
const kibibyte = 1024;

describe.skipIf(sshdMissing !== undefined)(`a limit of the rate${why}`, () => {
  let server: TestSshd;
  let local: TempFolder;
  beforeAll(async () => {
    [server, local] = await Promise.all([startSshd(), tempFolder()]);
    for (const side of [server.home, local.path]) {
      await writeFile(join(side, 'small'), content(1_000 * kibibyte, 1));
      await writeFile(join(side, 'large'), content(5_000 * kibibyte, 2));
      await mkdir(join(side, 'tree'));
      for (let index = 0; index < 50; index += 1)
        await writeFile(join(side, 'tree', `f${index}`), content(20 * kibibyte, index));
    }
  });
  afterAll(() => Promise.all([server[Symbol.asyncDispose](), local[Symbol.asyncDispose]()]));
  const bed = sftpBed(
    () => server,
    (files) => files,
    async (address) =>
      createRemoteFiles(await connectFully(address), { signal: new AbortController().signal }),
  );
  const here = (name: string): string => join(local.path, name);

  /** A tenth of a second may be made up for, and the last piece need not have left in full. */
  async function expectTime(seconds: number, work: () => Promise<SftpAnswer>): Promise<SftpAnswer> {
    const startedAt = performance.now();
    const answer = await work();
    const elapsedMs = performance.now() - startedAt;
    expect(answer.exitCode, answer.warnings.join()).toBe(0);
    expect(elapsedMs).toBeGreaterThanOrEqual(seconds * 1000 - 220);
    return answer;
  }

  const rows: readonly (readonly [string, CommandModule, () => readonly string[], number, string])[] = [
    ['a small file there', put, () => [here('small'), 'demo:put-small'], 2, '500K'],
    ['a small file here', get, () => ['demo:small', here('got-small')], 2, '500K'],
    ['a large file there', put, () => [here('large'), 'demo:put-large'], 1, '5000K'],
    ['a large file here', get, () => ['demo:large', here('got-large')], 1, '5000K'],
    [
      'files in a tar stream there',
      put,
      () => ['-r', '--via', 'tar', here('tree'), 'demo:put-tar'],
      1,
      '1000K',
    ],
    [
      'files in a tar stream here',
      get,
      () => ['-r', '--via', 'tar', 'demo:tree', here('got-tar')],
      1,
      '1000K',
    ],
    ['files one by one there', sync, () => ['--via', 'sftp', here('tree'), 'demo:sync-there'], 1, '1000K'],
    ['files one by one here', sync, () => ['--via', 'sftp', 'demo:tree', here('sync-here')], 1, '1000K'],
  ];
  test.concurrent.each(rows)('%s', async (_, command, args, seconds, limit) => {
    await expectTime(seconds, () => bed.run(command, '--limit', limit, ...args()));
  });

  test('a stream there and here', async () => {
    const bytes = content(1_000 * kibibyte, 3);
    await expectTime(1, () => bed.runWith(bytes, put, '--limit', '1000K', '-', 'demo:stream'));
    expect((await readFile(join(server.home, 'stream'))).equals(bytes)).toBe(true);
    const answer = await expectTime(1, () => bed.run(get, '--limit', '1000K', 'demo:stream', '-'));
    expect(answer.stdout.equals(bytes)).toBe(true);
  });

  test('all arrived whole', async () => {
    for (const [name, source] of [
      ['put-small', 'small'],
      ['put-large', 'large'],
    ] as const) {
      expect((await readFile(join(server.home, name))).equals(await readFile(here(source)))).toBe(true);
      const got = await readFile(here(`got-${source}`));
      expect(got.equals(await readFile(join(server.home, source)))).toBe(true);
    }
    const names = await tree(here('tree'));
    for (const folder of ['put-tar', 'sync-there'])
      expect(await tree(join(server.home, folder))).toEqual(names);
    for (const folder of ['got-tar', 'sync-here']) expect(await tree(here(folder))).toEqual(names);
  });

  test('Ctrl-C ends it though much is left, and the next run goes on from there', async () => {
    const stop = new AbortController();
    const options = { ...defaultTransferOptions, bytesPerSecond: 2000 * kibibyte };
    const job = (limit: object) => ({
      sources: ['large'],
      target: here('cut'),
      recursive: false,
      options: { ...options, ...limit },
    });
    {
      await using files = await openFiles(server, { signal: stop.signal });
      const cut = files.get(
        job({}),
        watch((bytes) => bytes > 600 * kibibyte && stop.abort()),
      );
      await expect(cut).rejects.toThrow(InterruptedError);
    }
    expect((await stat(here('.cut.bai-part'))).size).toBeGreaterThan(0);
    await using files = await openFiles(server);
    expect(await files.get(job({ bytesPerSecond: undefined }), watch())).toMatchObject({
      files: 1,
      resumed: 1,
    });
    expect((await readFile(here('cut'))).equals(await readFile(join(server.home, 'large')))).toBe(true);
  });
});
