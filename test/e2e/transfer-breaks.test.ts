/** Transfers that do not come to their end: cut lines, Ctrl-C, full disks. */

import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InterruptedError, UnreachableError } from '../../src/errors.ts';
import { startRelay } from '../support/relay.ts';
import { sshdMissing, startSshd, type TestSshd } from '../support/sshd.ts';
import { content, openFiles, tempFolder, tree, watch } from './transfer-session.ts';

const why = sshdMissing === undefined ? '' : ` (${sshdMissing})`;
const largeBytes = 30_000_000;

describe.skipIf(sshdMissing !== undefined)(`with sshd${why}`, () => {
  let server: TestSshd;
  const large = content(largeBytes);
  beforeAll(async () => {
    server = await startSshd();
    await writeFile(join(server.home, 'large'), large);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('a connection cut during put ends it at once, and the old file stays', async () => {
    await using local = await tempFolder();
    await using relay = await startRelay(server.port);
    await using files = await openFiles({ ...server, port: relay.port });
    await writeFile(join(local.path, 'sent'), large);
    await writeFile(join(server.home, 'sent'), 'old');
    const put = files.put(job(join(local.path, 'sent'), ''), watch(onceAt(2_000_000, relay.cut)));
    await expect(put).rejects.toBeInstanceOf(UnreachableError);
    expect(await readFile(join(server.home, 'sent'), 'utf8')).toBe('old');

    await using again = await openFiles(server);
    await again.put(job(join(local.path, 'sent'), ''), watch());
    expect(large.equals(await readFile(join(server.home, 'sent')))).toBe(true);
    expect((await tree(server.home)).filter((path) => path.includes('bai-part'))).toEqual([]);
  });

  test('a connection cut during get ends it at once, and the old file stays', async () => {
    await using local = await tempFolder();
    await using relay = await startRelay(server.port);
    await using files = await openFiles({ ...server, port: relay.port });
    await writeFile(join(local.path, 'target'), 'old');
    const get = files.get(job('large', join(local.path, 'target')), watch(onceAt(2_000_000, relay.cut)));
    await expect(get).rejects.toBeInstanceOf(UnreachableError);
    expect(await readFile(join(local.path, 'target'), 'utf8')).toBe('old');
    expect(await tree(local.path)).toEqual(['.target.bai-journal', '.target.bai-part', 'target']);
  });

  test('a cut ends a whole folder rather than failing each of its files', async () => {
    await using local = await tempFolder();
    await using relay = await startRelay(server.port);
    await using files = await openFiles({ ...server, port: relay.port });
    const folder = join(local.path, 'folder');
    await mkdir(folder);
    for (const name of ['a', 'b', 'c']) await writeFile(join(folder, name), content(1_000_000));
    const watcher = watch(onceAt(500_000, relay.cut));
    const put = files.put({ sources: [folder], target: '', recursive: true }, watcher);
    await expect(put).rejects.toBeInstanceOf(UnreachableError);
    expect(watcher.failures).toEqual([]);
  });

  test('every request after a cut fails at once', async () => {
    await using relay = await startRelay(server.port);
    await using files = await openFiles({ ...server, port: relay.port });
    relay.cut();
    await expect(files.stat('large')).rejects.toBeInstanceOf(UnreachableError);
    await expect(files.stat('large')).rejects.toBeInstanceOf(UnreachableError);
    await expect(files.mkdir('x')).rejects.toBeInstanceOf(UnreachableError);
  });

  test('Ctrl-C during put with nowhere to remember it removes the part, and the old file stays', async () => {
    await using local = await tempFolder();
    const interrupt = new AbortController();
    await using files = await openFiles(server, { signal: interrupt.signal });
    await writeFile(join(local.path, 'aborted'), large);
    await writeFile(join(server.home, 'aborted'), 'old');
    const watcher = watch(onceAt(2_000_000, () => interrupt.abort()));
    const put = files.put(job(join(local.path, 'aborted'), ''), watcher);
    await expect(put).rejects.toBeInstanceOf(InterruptedError);
    expect(await readFile(join(server.home, 'aborted'), 'utf8')).toBe('old');
    expect(await tree(server.home)).not.toContain('.aborted.bai-part');
  });

  test('Ctrl-C during get keeps the part, says so, and the old file stays', async () => {
    await using local = await tempFolder();
    const interrupt = new AbortController();
    await using files = await openFiles(server, { signal: interrupt.signal });
    await writeFile(join(local.path, 'target'), 'old');
    const watcher = watch(onceAt(2_000_000, () => interrupt.abort()));
    const get = files.get(job('large', join(local.path, 'target')), watcher);
    await expect(get).rejects.toMatchObject({
      exitCode: 130,
      message: expect.stringMatching(/^interrupted; \d+ % of large have arrived and are kept$/),
      hint: 'run the same command again: it resumes from there',
    });
    expect(await readFile(join(local.path, 'target'), 'utf8')).toBe('old');
    expect(await tree(local.path)).toEqual(['.target.bai-journal', '.target.bai-part', 'target']);
  });

  test('after Ctrl-C nothing is begun', async () => {
    await using files = await openFiles(server, { signal: AbortSignal.abort() });
    await expect(files.mkdir('not-made')).rejects.toBeInstanceOf(InterruptedError);
    expect(await tree(server.home)).not.toContain('not-made/');
  });
});

const smallDiskMissing = smallDiskProblem();

describe.skipIf((sshdMissing ?? smallDiskMissing) !== undefined)(
  `full disks${sshdMissing === undefined ? (smallDiskMissing ?? '') : why}`,
  () => {
    test('a full disk here is named, and the old file stays', async () => {
      await using local = await tempFolder();
      await using server = await startSshd();
      await writeFile(join(server.home, 'large'), content(3_000_000));
      using disk = mountSmallDisk(local.path);
      await using files = await openFiles(server);
      await writeFile(join(disk.path, 'target'), 'old');
      const get = files.get(job('large', join(disk.path, 'target')), watch());
      await expect(get).rejects.toMatchObject({
        code: 'disk-full',
        message: expect.stringContaining(disk.path),
      });
      expect(await readFile(join(disk.path, 'target'), 'utf8')).toBe('old');
      expect(await tree(disk.path)).toEqual(['target']);
    });

    test('a full disk in the session is named, and the old file stays', async () => {
      await using local = await tempFolder();
      await mkdir(join(local.path, 'disk'));
      using disk = mountSmallDisk(join(local.path, 'disk'));
      await using server = await startSshd({ home: disk.path });
      await using files = await openFiles(server);
      await writeFile(join(local.path, 'large'), content(3_000_000));
      await writeFile(join(disk.path, 'large'), 'old');
      const put = files.put(job(join(local.path, 'large'), ''), watch());
      await expect(put).rejects.toMatchObject({ code: 'remote-disk-full' });
      expect(await readFile(join(disk.path, 'large'), 'utf8')).toBe('old');
      expect((await tree(disk.path)).filter((path) => path.includes('bai-part'))).toEqual([]);
    });
  },
);

function mountSmallDisk(path: string): Disposable & { readonly path: string } {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0755', 'bai-test', path], { stdio: 'pipe' });
  return { path, [Symbol.dispose]: () => execFileSync('umount', ['--lazy', path]) };
}

function smallDiskProblem(): string | undefined {
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'bai-test', '/mnt'], { stdio: 'ignore' });
    return process.getuid?.() === 0 ? undefined : ' (only root may mount a small disk)';
  } catch {
    return ' (only root may mount a small disk)';
  }
}

function onceAt(bytes: number, act: () => void): (now: number) => void {
  let isDone = false;
  return (now) => {
    if (isDone || now < bytes) return;
    isDone = true;
    act();
  };
}

function job(source: string, target: string) {
  return { sources: [source], target, recursive: false };
}
