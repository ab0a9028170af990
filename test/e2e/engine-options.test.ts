/** What a transfer keeps, replaces, leaves out and compares. */

import { chmod, mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultTransferOptions, type TransferOptions } from '../../src/core/sftp/transfer-options.ts';
import { createRemoteFiles } from '../../src/transfer/remote-files.ts';
import { startRelay } from '../support/relay.ts';
import { sshdMissing, startSshd, type TestSshd } from '../support/sshd.ts';
import { connectSftp, content, openFiles, tempFolder, tree, watch } from './transfer-session.ts';

describe.skipIf(sshdMissing !== undefined)('with sshd', () => {
  let server: TestSshd;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  test('MaxListenersExceededWarning: many channels may listen to one Ctrl-C', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    const { signal } = new AbortController();
    const opened = await Promise.all(Array.from({ length: 12 }, () => openFiles(server, { signal })));
    await Promise.all(opened.map((files) => files[Symbol.asyncDispose]()));
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  test.each([1_000, 6_000_000])('preserve keeps time and mode of %i bytes, but not setuid', async (size) => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    const sent = join(local.path, 'sent');
    await writeFile(sent, content(size));
    await chmod(sent, 0o4754);
    await utimes(sent, 1_500_000_000, 1_400_000_000);
    const options = { preserve: true };
    await files.put(job([sent], `kept-${size}`, options), watch());
    await files.get(job([`kept-${size}`], join(local.path, 'back'), options), watch());
    for (const path of [join(server.home, `kept-${size}`), join(local.path, 'back')]) {
      const { mode, mtimeMs } = await stat(path);
      expect(mode & 0o7777).toBe(0o754);
      expect(mtimeMs).toBe(1_400_000_000_000);
    }
  });

  const rules: readonly (readonly [TransferOptions['ifExists'], number, number, boolean])[] = [
    ['overwrite', 3, 100, true],
    ['skip', 3, 300, false],
    ['newer', 4, 300, true],
    ['newer', 4, 200, false],
    ['newer', 4, 100, false],
    ['different', 4, 200, true],
    ['different', 3, 300, true],
    ['different', 3, 200, false],
  ];

  test.each(rules)(
    '--if-exists %s with %i bytes of second %i over 3 of 200: moved is %s',
    async (rule, ...rest) => {
      const [size, second, isMoved] = rest;
      await using local = await tempFolder();
      await using files = await openFiles(server);
      const options = { ifExists: rule };
      const [here, there] = [join(local.path, 'file'), join(server.home, 'file')];
      const place = async (source: string, target: string): Promise<void> => {
        await writeFile(source, 'new!'.slice(0, size));
        await utimes(source, second, second);
        await writeFile(target, 'old');
        await utimes(target, 200, 200);
      };
      const wanted = { files: isMoved ? 1 : 0, skipped: isMoved ? [] : [{ code: 'exists' }] };
      await place(here, there);
      expect(await files.put(job([here], '', options), watch())).toMatchObject(wanted);
      expect(await readFile(there, 'utf8')).toBe(isMoved ? 'new!'.slice(0, size) : 'old');
      await place(there, here);
      expect(await files.get(job(['file'], here, options), watch())).toMatchObject(wanted);
      expect(await readFile(here, 'utf8')).toBe(isMoved ? 'new!'.slice(0, size) : 'old');
    },
  );

  test('--if-exists fail is a conflict, and the old file stays', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    await writeFile(join(local.path, 'there'), 'new');
    await writeFile(join(server.home, 'there'), 'old');
    const put = files.put(job([join(local.path, 'there')], '', { ifExists: 'fail' }), watch());
    await expect(put).rejects.toMatchObject({ code: 'exists', exitCode: 6 });
    expect(await readFile(join(server.home, 'there'), 'utf8')).toBe('old');
  });

  test('what is not accepted is left out, and a folder that is not is not looked into', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    await mkdir(join(local.path, 'top', 'a', 'b'), { recursive: true });
    await mkdir(join(local.path, 'top', 'no'));
    for (const path of ['x.log', 'x', 'a/b/y.log', 'a/b/y', 'no/z'])
      await writeFile(join(local.path, 'top', path), path);
    const asked: string[] = [];
    const accepts = (path: string, isFolder: boolean): boolean => {
      asked.push(path);
      return isFolder ? path !== 'no' : !path.endsWith('.log');
    };
    await files.put({ ...job([join(local.path, 'top')], '', { accepts }), recursive: true }, watch());
    expect(await tree(join(server.home, 'top'))).toEqual(['a/', 'a/b/', 'a/b/y', 'x']);
    expect(asked.sort()).toEqual(['a', 'a/b', 'a/b/y', 'a/b/y.log', 'no', 'x', 'x.log']);
    await writeFile(join(server.home, 'top', 'a', 'w.log'), '');
    await files.get({ ...job(['top'], join(local.path, 'back'), { accepts }), recursive: true }, watch());
    expect(await tree(join(local.path, 'back'))).toEqual(['a/', 'a/b/', 'a/b/y', 'x']);
  });

  test('verify compares checksums when asked, and says how many', async () => {
    await using local = await tempFolder();
    await using files = await openFiles(server);
    await writeFile(join(local.path, "it's $x"), content(5_000_000));
    const always = { verify: 'always' } as const;
    const put = await files.put(job([join(local.path, "it's $x")], '', always), watch());
    expect(put).toMatchObject({ files: 1, verified: 1 });
    const get = await files.get(job(["it's $x"], join(local.path, 'back'), always), watch());
    expect(get).toMatchObject({ files: 1, verified: 1 });
  });

  test('Ctrl-C during put keeps the part, and the next run goes on from it', async () => {
    await using local = await tempFolder();
    const source = join(local.path, 'long');
    await writeFile(source, content(40_000_000));
    const resume = { folder: join(local.path, 'state'), peer: 'x' };
    const interrupt = new AbortController();
    await using files = createRemoteFiles(await connectSftp(server), { signal: interrupt.signal, resume });
    const stopped = files.put(
      job([source], ''),
      watch((bytes) => bytes > 20_000_000 && interrupt.abort()),
    );
    await expect(stopped).rejects.toMatchObject({ exitCode: 130, hint: expect.stringContaining('resumes') });
    expect(await tree(server.home)).toContain('.long.bai-part');

    const { signal } = new AbortController();
    await using again = createRemoteFiles(await connectSftp(server), { signal, resume });
    const told: number[] = [];
    const observer = { ...watch(), resumed: (_: string, bytes: number) => told.push(bytes) };
    expect(await again.put(job([source], ''), observer)).toMatchObject({ resumed: 1, verified: 1 });
    expect(told[0]).toBeGreaterThan(19_000_000);
    expect(content(40_000_000).equals(await readFile(join(server.home, 'long')))).toBe(true);
  });

  test('a folder goes on over a new connection, and nothing is missing', async () => {
    await using local = await tempFolder();
    await using relay = await startRelay(server.port);
    const folder = join(local.path, 'many');
    await mkdir(folder);
    for (let index = 0; index < 300; index += 1)
      await writeFile(join(folder, `f${index}`), content(20_000, index));
    const dial = () => connectSftp({ ...server, port: relay.port });
    const { signal } = new AbortController();
    await using files = createRemoteFiles(await dial(), { signal, dial });
    let meters = 0;
    const observer = {
      ...watch(),
      started: () => ({
        update: () => {},
        stop: () => {
          meters += 1;
          if (meters === 50 || meters === 200) relay.cut();
        },
      }),
    };
    const put = await files.put({ ...job([folder], ''), recursive: true }, observer);
    expect(put).toMatchObject({ files: 300, failed: [] });
    expect(put.retries).toBeGreaterThan(0);
    meters = 0;
    const get = await files.get({ ...job(['many'], join(local.path, 'back')), recursive: true }, observer);
    expect(get).toMatchObject({ files: 300, failed: [] });
    expect(get.retries).toBeGreaterThan(0);
    for (let index = 0; index < 300; index += 1) {
      const back = await readFile(join(local.path, 'back', `f${index}`));
      expect(content(20_000, index).equals(back)).toBe(true);
    }
    expect((await tree(server.home)).filter((path) => path.includes('many/.'))).toEqual([]);
  });
});

function job(sources: readonly string[], target: string, options: Partial<TransferOptions> = {}) {
  return { sources, target, recursive: false, options: { ...defaultTransferOptions, ...options } };
}
