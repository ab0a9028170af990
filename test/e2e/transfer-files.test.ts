/** Single files, both ways, with the file servers that sessions run. */

import { chmod, link, mkdir, readFile, readlink, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConflictError, NotFoundError, TransferError } from '../../src/errors.ts';
import { dropbearMissing, sshdMissing, startDropbear, startSshd, type TestSshd } from '../support/sshd.ts';
import { content, openFiles, tempFolder, tree, watch } from './transfer-session.ts';

const servers = [
  { name: 'sshd', missing: sshdMissing, start: startSshd },
  { name: 'dropbear', missing: dropbearMissing, start: startDropbear },
];

const sizes = [0, 1, 261_119, 261_120, 261_121, 8 * 1024 * 1024 + 3];

for (const { name, missing, start } of servers) {
  describe.skipIf(missing !== undefined)(
    `with ${name}${missing === undefined ? '' : ` (${missing})`}`,
    () => {
      let server: TestSshd;
      beforeAll(async () => {
        server = await start();
      });
      afterAll(() => server[Symbol.asyncDispose]());

      test.each(sizes)('a file of %i bytes is the same after put and after get', async (size) => {
        await using local = await tempFolder();
        await using files = await openFiles(server);
        const bytes = content(size, size);
        await writeFile(join(local.path, 'sent'), bytes);

        const put = await files.put(job([join(local.path, 'sent')], `of-${size}`), watch());
        expect(put).toMatchObject({ files: 1, bytes: size, failed: [], skipped: [] });
        expect(bytes.equals(await readFile(join(server.home, `of-${size}`)))).toBe(true);

        const got = await files.get(job([`of-${size}`], join(local.path, 'fetched')), watch());
        expect(got).toMatchObject({ files: 1, bytes: size, failed: [], skipped: [] });
        expect(bytes.equals(await readFile(join(local.path, 'fetched')))).toBe(true);
        expect(await tree(local.path)).toEqual(['fetched', 'sent']);
        expect((await tree(server.home)).filter((path) => path.includes('bai-part'))).toEqual([]);
      });

      test('progress reaches the size of the file', async () => {
        await using local = await tempFolder();
        await using files = await openFiles(server);
        await writeFile(join(local.path, 'watched'), content(1_000_000));
        const put = watch();
        await files.put(job([join(local.path, 'watched')], ''), put);
        const get = watch();
        await files.get(job(['watched'], join(local.path, 'back')), get);
        expect([put.bytes, get.bytes]).toEqual([1_000_000, 1_000_000]);
      });
    },
  );
}

describe.skipIf(sshdMissing !== undefined)(`names and modes${reason(sshdMissing)}`, () => {
  let server: TestSshd;
  beforeAll(async () => {
    server = await startSshd({ umask: 0o027 });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('a put over an existing file replaces it and keeps its mode', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    const old = join(server.home, 'script');
    await writeFile(old, 'old');
    await chmod(old, 0o751);
    await writeFile(join(local.path, 'script'), 'new');
    await files.put(job([join(local.path, 'script')], '~/script'), watch());
    expect(await readFile(old, 'utf8')).toBe('new');
    expect((await stat(old)).mode & 0o7777).toBe(0o751);
  });

  test('a get over an existing file replaces it and keeps its mode', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    await writeFile(join(server.home, 'fresh'), 'new');
    const old = join(local.path, 'old');
    await writeFile(old, 'old', { mode: 0o640 });
    const other = join(local.path, 'other-name-of-old');
    await link(old, other);
    await files.get(job(['fresh'], old), watch());
    expect(await readFile(old, 'utf8')).toBe('new');
    expect((await stat(old)).mode & 0o7777).toBe(0o640);
    expect(await readFile(other, 'utf8')).toBe('old');
  });

  test('a new file gets the mode that the umask of its side gives', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    await writeFile(join(local.path, 'tool'), 'x', { mode: 0o755 });
    await files.put(job([join(local.path, 'tool')], 'tool'), watch());
    expect((await stat(join(server.home, 'tool'))).mode & 0o7777).toBe(0o640);

    await chmod(join(server.home, 'tool'), 0o4755);
    const before = process.umask(0o077);
    try {
      await files.get(job(['tool'], join(local.path, 'private')), watch());
    } finally {
      process.umask(before);
    }
    expect((await stat(join(local.path, 'private'))).mode & 0o7777).toBe(0o600);
    await files.get(job(['tool'], join(local.path, 'public')), watch());
    expect((await stat(join(local.path, 'public'))).mode & 0o7777).toBe(0o666 & ~before);
  });

  test('while it is not whole, a file is readable by its owner alone, on both sides', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    await writeFile(join(local.path, 'large'), content(3_000_000));
    const modes: Promise<number>[] = [];
    const look = (path: string) =>
      watch((bytes) => {
        const mode = stat(path).then(
          (found) => found.mode & 0o777,
          () => 0o600,
        );
        // By the time that the look after the last byte is taken, the file is whole.
        if (bytes < 3_000_000) modes.push(mode);
      });
    await files.put(job([join(local.path, 'large')], ''), look(join(server.home, '.large.bai-part')));
    await files.get(job(['large'], join(local.path, 'back')), look(join(local.path, '.back.bai-part')));
    const seen = new Set(await Promise.all(modes));
    expect([...seen]).toEqual([0o600]);
  });

  test('an existing folder as target takes the file in, with and without a slash', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    await writeFile(join(local.path, 'a.txt'), 'a');
    await mkdir(join(server.home, 'box'));
    await files.put(job([join(local.path, 'a.txt')], 'box'), watch());
    await files.put(job([join(local.path, 'a.txt')], 'made/'), watch());
    expect(await readFile(join(server.home, 'box', 'a.txt'), 'utf8')).toBe('a');
    expect(await readFile(join(server.home, 'made', 'a.txt'), 'utf8')).toBe('a');
    await mkdir(join(local.path, 'in'));
    await files.get(job(['box/a.txt'], join(local.path, 'in')), watch());
    await files.get(job(['box/a.txt'], `${join(local.path, 'new')}/`), watch());
    expect(await tree(local.path)).toEqual(['a.txt', 'in/', 'in/a.txt', 'new/', 'new/a.txt']);
  });

  test('a file as target is not a folder', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    await writeFile(join(local.path, 'b'), 'b');
    await writeFile(join(server.home, 'plain'), 'plain');
    await expect(files.put(job([join(local.path, 'b')], 'plain/'), watch())).rejects.toThrow(ConflictError);
    expect(await readFile(join(server.home, 'plain'), 'utf8')).toBe('plain');
  });

  test('a link that is named as the target is followed both ways, and stays', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    await writeFile(join(local.path, 'c'), 'new');
    await mkdir(join(server.home, 'real'));
    await writeFile(join(server.home, 'real', 'file'), 'old');
    await symlink('real/file', join(server.home, 'pointer'));
    await files.put(job([join(local.path, 'c')], 'pointer'), watch());
    expect(await readFile(join(server.home, 'real', 'file'), 'utf8')).toBe('new');

    await writeFile(join(local.path, 'precious'), 'precious');
    await symlink('precious', join(local.path, 'link'));
    await files.get(job(['pointer'], join(local.path, 'link')), watch());
    expect(await readFile(join(local.path, 'precious'), 'utf8')).toBe('new');
    expect(await readlink(join(local.path, 'link'))).toBe('precious');
    expect(await readlink(join(server.home, 'pointer'))).toBe('real/file');
  });

  test('a part that an earlier run left does not stand in the way, even as a link', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    await writeFile(join(local.path, 'd'), 'whole');
    await writeFile(join(local.path, 'precious'), 'precious');
    await writeFile(join(server.home, '.d.bai-part'), 'half of something longer');
    await files.put(job([join(local.path, 'd')], ''), watch());
    expect(await readFile(join(server.home, 'd'), 'utf8')).toBe('whole');
    await symlink('precious', join(local.path, '.e.bai-part'));
    await files.get(job(['d'], join(local.path, 'e')), watch());
    expect(await readFile(join(local.path, 'e'), 'utf8')).toBe('whole');
    expect(await readFile(join(local.path, 'precious'), 'utf8')).toBe('precious');
    expect(await tree(local.path)).toEqual(['d', 'e', 'precious']);
  });

  test('a name of 255 bytes can be moved', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    const long = `${'é'.repeat(127)}x`;
    await writeFile(join(local.path, long), 'long');
    await files.put(job([join(local.path, long)], ''), watch());
    await mkdir(join(local.path, 'back'));
    await files.get(job([long], join(local.path, 'back')), watch());
    expect(await readFile(join(local.path, 'back', long), 'utf8')).toBe('long');
  });

  test('what is not there is named, and is not found', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    await expect(files.get(job(['nowhere/x'], local.path), watch())).rejects.toThrow(/nowhere\/x/);
    await expect(files.get(job(['nowhere/x'], local.path), watch())).rejects.toThrow(NotFoundError);
    await expect(files.put(job([join(local.path, 'none')], ''), watch())).rejects.toThrow(NotFoundError);
    await writeFile(join(local.path, 'f'), 'f');
    await expect(files.put(job([join(local.path, 'f')], 'no/such/f'), watch())).rejects.toThrow(
      NotFoundError,
    );
  });

  test('a folder without -r is refused', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    await expect(files.get(job(['.ssh'], local.path), watch())).rejects.toMatchObject({ code: 'is-folder' });
    await expect(files.put(job([local.path], ''), watch())).rejects.toMatchObject({ code: 'is-folder' });
  });

  test('among several sources one that is missing is noted, and the rest goes on', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    await writeFile(join(local.path, 'g'), 'g');
    await writeFile(join(local.path, 'h'), 'hh');
    const sources = ['g', 'missing', 'h'].map((name) => join(local.path, name));
    const summary = await files.put(job(sources, 'several'), watch());
    expect(summary).toMatchObject({ files: 2, bytes: 3, failed: [{ path: sources[1], code: 'not-found' }] });
    expect(await tree(join(server.home, 'several'))).toEqual(['g', 'h']);
  });

  test('a file without a size but with content is refused rather than copied empty', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    await expect(files.get(job(['/proc/self/status'], local.path), watch())).rejects.toMatchObject({
      code: 'no-size',
    });
    await expect(files.put(job(['/proc/self/status'], ''), watch())).rejects.toMatchObject({
      code: 'no-size',
    });
    expect(await tree(local.path)).toEqual([]);
  });

  test('a file that shrinks while it is sent is an error, and the old file stays', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    const source = join(local.path, 'shrinking');
    await writeFile(source, content(20_000_000));
    await writeFile(join(server.home, 'shrinking'), 'old');
    let cut: Promise<void> | undefined;
    const watcher = watch(() => {
      cut ??= truncate(source, 300_000);
    });
    await expect(files.put(job([source], ''), watcher)).rejects.toMatchObject({ code: 'source-changed' });
    await cut;
    expect(await readFile(join(server.home, 'shrinking'), 'utf8')).toBe('old');
    expect((await tree(server.home)).filter((path) => path.includes('bai-part'))).toEqual([]);
  });

  test('a file that shrinks while it is fetched is an error, and the old file stays', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    const source = join(server.home, 'shrinks-there');
    await writeFile(source, content(20_000_000));
    await writeFile(join(local.path, 'target'), 'old');
    let cut: Promise<void> | undefined;
    const watcher = watch(() => {
      cut ??= truncate(source, 300_000);
    });
    const get = files.get(job(['shrinks-there'], join(local.path, 'target')), watcher);
    await expect(get).rejects.toBeInstanceOf(TransferError);
    await cut;
    expect(await readFile(join(local.path, 'target'), 'utf8')).toBe('old');
    expect(await tree(local.path)).toEqual(['target']);
  });
});

function job(sources: readonly string[], target: string) {
  return { sources, target, recursive: false };
}

function reason(missing: string | undefined): string {
  return missing === undefined ? '' : ` (${missing})`;
}
