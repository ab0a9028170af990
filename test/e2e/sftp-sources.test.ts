/** Patterns, streams and several sources of `bai sftp put` and `get`, on a real server. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as get from '../../src/commands/sftp/get.ts';
import * as put from '../../src/commands/sftp/put.ts';
import { UsageError } from '../../src/errors.ts';
import type { RemoteEntry, RemoteFiles } from '../../src/transfer/remote-files.ts';
import { sshdMissing, startSshd, type TestSshd } from '../support/sshd.ts';
import { sftpBed } from './sftp-bed.ts';
import { content, tempFolder, tree } from './transfer-session.ts';

const why = sshdMissing === undefined ? '' : ` (${sshdMissing})`;

describe.skipIf(sshdMissing !== undefined)(`sources of bai sftp${why}`, () => {
  let server: TestSshd;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const bed = sftpBed(() => server);

  async function fill(folder: string, ...names: string[]): Promise<string> {
    for (const name of names) {
      await mkdir(join(folder, name, '..'), { recursive: true });
      await writeFile(join(folder, name), name);
    }
    return folder;
  }

  test('get takes what a pattern matches in the session', async () => {
    await using local = await tempFolder();
    await fill(join(server.home, 'g1'), 'a.txt', 'b.txt', 'c.md', '.d.txt', 'sub/e.txt');
    expect(await bed.run(get, 'demo:g1/*.txt', local.path)).toMatchObject({
      exitCode: 0,
      value: { files: 2 },
    });
    expect(await tree(local.path)).toEqual(['a.txt', 'b.txt']);
  });

  test('** reaches into folders, and two files of one name are refused', async () => {
    await using local = await tempFolder();
    await fill(join(server.home, 'g2'), 'a.log', 'x/b.log', 'x/y/c.log');
    expect(await bed.run(get, 'demo:g2/**/*.log', local.path)).toMatchObject({ value: { files: 3 } });
    await fill(join(server.home, 'g2'), 'x/a.log');
    await expect(bed.run(get, 'demo:g2/**/*.log', local.path)).rejects.toThrow(UsageError);
  });

  test('a name with wildcards that is there is that file and no pattern', async () => {
    await using local = await tempFolder();
    await fill(join(server.home, 'g3'), 'a[1].txt', 'a1.txt', '*');
    await bed.run(get, 'demo:g3/a[1].txt', 'demo:g3/*', `${local.path}/`);
    expect(await tree(local.path)).toEqual(['*', 'a[1].txt']);
  });

  test('a pattern that matches nothing moves nothing of the others either', async () => {
    await using local = await tempFolder();
    await fill(join(server.home, 'g4'), 'a');
    const run = bed.run(get, 'demo:g4/a', 'demo:g4/*.none', local.path);
    await expect(run).rejects.toMatchObject({ code: 'no-match', exitCode: 4 });
    await expect(bed.run(put, join(local.path, '*.none'), 'demo:')).rejects.toMatchObject({
      code: 'no-match',
    });
    expect(await tree(local.path)).toEqual([]);
  });

  test('a folder that matches needs -r', async () => {
    await using local = await tempFolder();
    await fill(join(server.home, 'g5'), 'one/a', 'two/b');
    const flat = await bed.run(get, 'demo:g5/*', local.path);
    expect(flat).toMatchObject({
      exitCode: 1,
      value: { failed: [{ code: 'is-folder' }, { code: 'is-folder' }] },
    });
    await bed.run(get, '-r', 'demo:g5/*', local.path);
    expect(await tree(local.path)).toEqual(['one/', 'one/a', 'two/', 'two/b']);
  });

  test('put takes what a pattern matches here, when the shell has left it alone', async () => {
    await using local = await tempFolder();
    await fill(local.path, 'a.csv', 'b.csv', 'c.txt', 'x/d.csv');
    await mkdir(join(server.home, 'p1'));
    expect(await bed.run(put, join(local.path, '*.csv'), 'demo:p1')).toMatchObject({ value: { files: 2 } });
    await bed.run(put, `${local.path}/**/d.csv`, 'demo:p1');
    expect(await tree(join(server.home, 'p1'))).toEqual(['a.csv', 'b.csv', 'd.csv']);
  });

  test('put refuses two sources of one name before it connects', async () => {
    await using local = await tempFolder();
    await fill(local.path, 'a/x', 'b/x');
    const run = bed.run(put, join(local.path, 'a/x'), join(local.path, 'b/x'), 'demo:');
    await expect(run).rejects.toThrow(UsageError);
  });

  test('several sources make the folder that ends in a slash', async () => {
    await using local = await tempFolder();
    await fill(local.path, 'a', 'b');
    await bed.run(put, join(local.path, 'a'), join(local.path, 'b'), 'demo:fresh/');
    expect(await tree(join(server.home, 'fresh'))).toEqual(['a', 'b']);
  });

  test('a name that the server must not choose is named, left out, and makes the exit status 1', async () => {
    await using local = await tempFolder();
    await fill(join(server.home, 'liar'), 'good.txt');
    const evil: RemoteEntry[] = [
      '../evil.txt',
      'a\\b.txt',
      'c\nd.txt',
      '/etc/e.txt',
      'nul\0.txt',
      '.txt.evil',
    ].map((name) => ({ name, attributes: fileAttributes }));
    const lying = sftpBed(
      () => server,
      (files) => ({ ...files, list: (path) => withMore(files, path, evil) }),
    );
    const answer = await lying.run(get, 'demo:liar/*.txt', `${local.path}/`);
    expect(answer).toMatchObject({ exitCode: 1, value: { files: 1 } });
    expect(answer.value).toMatchObject({
      failed: Array.from({ length: 4 }, () => ({ code: 'refused-name' })),
    });
    expect(answer.warnings).toHaveLength(4);
    expect(await tree(local.path)).toEqual(['good.txt']);
  });

  test('put - stores what comes in on stdin', async () => {
    const bytes = content(300_000);
    const answer = await bed.runWith(bytes, put, '-', 'demo:from-stdin');
    expect(answer).toMatchObject({
      exitCode: 0,
      value: { files: 1, bytes: 300_000 },
      bars: [['-', undefined]],
    });
    expect((await readFile(join(server.home, 'from-stdin'))).equals(bytes)).toBe(true);
  });

  test.each(['demo:', 'demo:some/', 'demo:~', 'demo:.ssh'])(
    'put - refuses %s: the file has no name',
    async (to) => {
      await expect(bed.runWith(content(3), put, '-', to)).rejects.toThrow(UsageError);
    },
  );

  test('put - stands alone', async () => {
    await expect(bed.runWith(content(3), put, '-', 'x', 'demo:y')).rejects.toThrow(UsageError);
  });

  test('get - writes the bytes and nothing else to stdout', async () => {
    const bytes = content(300_000, 2);
    await writeFile(join(server.home, 'to-stdout'), bytes);
    const answer = await bed.run(get, 'demo:to-stdout', '-');
    expect(answer.stdout.equals(bytes)).toBe(true);
    expect(answer).toMatchObject({ exitCode: 0, value: { files: 1, bytes: 300_000 } });
  });

  test('get - writes nothing when the file is not there or is not one', async () => {
    await fill(join(server.home, 'two'), '1', '2');
    await expect(bed.run(get, 'demo:none', '-')).rejects.toMatchObject({ exitCode: 4 });
    await expect(bed.run(get, 'demo:two/*', '-')).rejects.toThrow(UsageError);
    await expect(bed.run(get, '-r', 'demo:two', '-')).rejects.toMatchObject({ code: 'is-folder' });
  });
});

const fileAttributes: RemoteEntry['attributes'] = {
  kind: 'file',
  size: 1,
  mode: 0o644,
  uid: 0,
  gid: 0,
  modifiedAt: 0,
  accessedAt: 0,
};

async function* withMore(
  files: RemoteFiles,
  path: string,
  more: readonly RemoteEntry[],
): AsyncGenerator<RemoteEntry> {
  yield* files.list(path);
  yield* more;
}
