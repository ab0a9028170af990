/** Small files by tar stream: the outcome is that of SFTP. */

import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as after } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultTransferOptions, type TransferOptions } from '../../src/core/sftp/transfer-options.ts';
import type { TransferSummary } from '../../src/core/sftp/transfer-plan.ts';
import type { SftpConnection } from '../../src/transfer/engine/sftp-connection.ts';
import { createRemoteFiles, type RemoteFiles } from '../../src/transfer/remote-files.ts';
import { startRelay } from '../support/relay.ts';
import { connectFully } from '../support/ssh-session.ts';
import { sshdMissing, sshServers, startSshd, type TestSshd } from '../support/sshd.ts';
import { connectSftp, content, tempFolder, tree, watch } from './transfer-session.ts';

const servers = sshServers.map((server) =>
  server.name === 'sshd' ? { ...server, start: () => startSshd({ umask: 0o027 }) } : server,
);

const why = (missing: string | undefined): string => (missing === undefined ? '' : ` (${missing})`);
const ways = ['sftp', 'tar'] as const;

for (const { name, missing, start } of servers) {
  describe.skipIf(missing !== undefined)(`with ${name}${why(missing)}`, () => {
    let server: TestSshd;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server[Symbol.asyncDispose]());

    test.each([false, true])('both ways give the same files, preserve: %s', async (preserve) => {
      await using local = await tempFolder();
      const source = join(local.path, 'tree');
      await makeTree(source);
      const [bySftp, byTar] = await bothWays(server, async (files, via) => {
        const options = { preserve, via };
        const put = await files.put(job([source], `${via}-${preserve}`, options), watch());
        const get = await files.get(
          job([`${via}-${preserve}`], join(local.path, `back-${via}`), options),
          watch(),
        );
        return {
          put,
          get,
          there: await describeTree(join(server.home, `${via}-${preserve}`), preserve),
          back: await describeTree(join(local.path, `back-${via}`), preserve),
        };
      });
      expect(withoutWay(byTar.put)).toEqual(withoutWay(bySftp.put));
      expect(withoutWay(byTar.get)).toEqual(withoutWay(bySftp.get));
      expect(byTar.there).toEqual(bySftp.there);
      expect(byTar.back).toEqual(bySftp.back);
      expect([bySftp.put.byTar, bySftp.get.byTar]).toEqual([0, 0]);
      expect(byTar.put.byTar).toBeGreaterThan(10);
      expect(byTar.get.byTar).toBeGreaterThan(8);
      expect(await leftovers(server.home)).toEqual([]);
      expect(await leftovers(local.path)).toEqual([]);
    });

    test('a tar stream that is read in fits and starts brings every byte', async () => {
      await using local = await tempFolder();
      const there = join(server.home, 'slow');
      await mkdir(there);
      for (let index = 0; index < 64; index += 1)
        await writeFile(join(there, `f${index}`), content(250_000, index));
      const connection = await connectFully(server);
      const slow = {
        ...connection,
        start: async (...call: Parameters<NonNullable<SftpConnection['start']>>) => {
          const program = await connection.start?.(...call);
          if (program === undefined) throw new Error('no programs');
          const { stdin, ended } = program;
          const end = (): void => program[Symbol.dispose]();
          return { stdin, ended, stdout: Readable.from(haltingly(program.stdout)), [Symbol.dispose]: end };
        },
      };
      await using files = createRemoteFiles(slow, { signal: new AbortController().signal });
      const get = await files.get(job(['slow'], join(local.path, 'back'), { via: 'tar' }), watch());
      expect(get).toMatchObject({ files: 64, byTar: 64, failed: [] });
      execFileSync('diff', ['-r', there, join(local.path, 'back')]);
    });

    test('two thousand files go by tar without being told to, into a new folder and over an old one', async () => {
      await using local = await tempFolder();
      await using files = await open(server);
      const source = join(local.path, 'many');
      await mkdir(join(source, 'sub'), { recursive: true });
      for (let index = 0; index < 2_000; index += 1)
        await writeFile(join(source, index % 2 === 0 ? 'sub' : '.', `f${index}`), content(1 + index, index));
      for (const _ of ['new', 'old']) {
        const put = await files.put(job([`${source}/.`], 'many'), watch());
        expect(put).toMatchObject({ files: 2_000, byTar: 2_000, failed: [] });
      }
      for (const _ of ['new', 'old']) {
        const get = await files.get(job(['many/.'], join(local.path, 'back')), watch());
        expect(get).toMatchObject({ files: 2_000, byTar: 2_000, failed: [] });
      }
      execFileSync('diff', ['-r', source, join(local.path, 'back')]);
      expect(await leftovers(server.home)).toEqual([]);
    });
  });
}

describe.skipIf(sshdMissing !== undefined)(`rules and accidents${why(sshdMissing)}`, () => {
  let server: TestSshd;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  test.each(['overwrite', 'skip', 'newer', 'different', 'fail'] as const)(
    '--if-exists %s means the same both ways',
    async (ifExists) => {
      await using local = await tempFolder();
      const outcomes = await bothWays(server, async (files, via) => {
        const source = join(local.path, via, 'tree');
        const target = join(server.home, `${ifExists}-${via}`);
        await mkdir(source, { recursive: true });
        await mkdir(target);
        for (const [index, name] of ['same', 'older', 'newer', 'absent', 'linked', 'folder'].entries()) {
          await writeFile(join(source, name), 'new!');
          await utimes(join(source, name), 200, [200, 100, 300, 1, 1, 1][index] ?? 0);
        }
        for (const name of ['same', 'older', 'newer', 'elsewhere']) {
          await writeFile(join(target, name), 'old!', { mode: 0o640 });
          await utimes(join(target, name), 200, 200);
        }
        await symlink('elsewhere', join(target, 'linked'));
        await mkdir(join(target, 'folder'));
        const options = { ifExists, via, preserve: true };
        const put = await files.put(job([`${source}/.`], `${ifExists}-${via}`, options), watch());
        const back = join(local.path, `back-${via}`);
        await files.get(job([`${ifExists}-${via}/.`], back, { via, preserve: true }), watch());
        await writeFile(join(back, 'same'), 'here');
        await utimes(join(back, 'same'), 250, 250);
        const get = await files.get(job([`${ifExists}-${via}/.`], back, options), watch());
        return {
          put: codes(put),
          get: codes(get),
          there: await describeTree(target, true),
          back: await describeTree(back, true),
        };
      });
      expect(outcomes[1]).toEqual(outcomes[0]);
    },
  );

  test('links, special files and unreadable files fare the same both ways', async () => {
    await using local = await tempFolder();
    const there = join(server.home, 'odd');
    await mkdir(there);
    for (const name of ['one', 'two', '-T', '*', 'a\\'.slice(0, 1), '~'])
      await writeFile(join(there, name), name);
    await symlink('/etc/passwd', join(there, 'link'));
    execFileSync('ln', [join(there, 'one'), join(there, 'second-name')]);
    execFileSync('mkfifo', [join(there, 'pipe')]);
    const outcomes = await bothWays(server, async (files, via) => {
      const summary = await files.get(job(['odd'], join(local.path, via), { via }), watch());
      return { ...codes(summary), tree: await describeTree(join(local.path, via), false) };
    });
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  test('include and exclude, and --verify, hold in a tar stream too', async () => {
    await using local = await tempFolder();
    await makeTree(join(local.path, 'tree'));
    const outcomes = await bothWays(server, async (files, via) => {
      const accepts = (path: string): boolean => !path.endsWith('.txt');
      const options: Partial<TransferOptions> = { via, accepts, verify: 'always' };
      const put = await files.put(job([join(local.path, 'tree')], `some-${via}`, options), watch());
      const get = await files.get(job([`some-${via}`], join(local.path, via), options), watch());
      expect([put.verified, get.verified]).toEqual([put.files, get.files]);
      return await describeTree(join(local.path, via), false);
    });
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  test('a cut in the middle of the streams loses nothing and leaves nothing behind', async () => {
    await using local = await tempFolder();
    await using relay = await startRelay(server.port);
    const source = join(local.path, 'cut');
    await mkdir(source);
    for (let index = 0; index < 300; index += 1)
      await writeFile(join(source, `f${index}`), content(100_000, index));
    let allowedBytes = 5_000_000;
    const address = { ...server, port: relay.port };
    const dial = async () => {
      const connection = await connectFully(address);
      return {
        ...connection,
        start: async (...call: Parameters<NonNullable<SftpConnection['start']>>) => {
          const program = await connection.start?.(...call);
          if (program === undefined) throw new Error('no programs');
          const count = (bytes: number): void => {
            allowedBytes -= bytes;
            if (allowedBytes < 0) {
              relay.cut();
              allowedBytes = Number.POSITIVE_INFINITY;
            }
          };
          const write = program.stdin.write.bind(program.stdin);
          program.stdin.write = ((chunk: Buffer, ...rest: [BufferEncoding]) => {
            count(chunk.length);
            return write(chunk, ...rest);
          }) as typeof write;
          program.stdout.on('data', (chunk: Buffer) => count(chunk.length)).pause();
          return program;
        },
      };
    };
    const { signal } = new AbortController();
    await using files = createRemoteFiles(await dial(), { signal, dial });
    // By itself it depends on the round trip, which a busy machine makes long.
    const byTar = { via: 'tar' } as const;
    const put = await files.put(job([source], 'cut', byTar), watch());
    expect(put).toMatchObject({ files: 300, failed: [], retries: 1 });
    expect(put.byTar).toBeLessThan(300);
    allowedBytes = 5_000_000;
    const get = await files.get(job(['cut'], join(local.path, 'back'), byTar), watch());
    expect(get).toMatchObject({ files: 300, failed: [], retries: 1 });
    execFileSync('diff', ['-r', source, join(local.path, 'back')]);
    await expect.poll(() => leftovers(server.home)).toEqual([]);
    expect(await leftovers(local.path)).toEqual([]);
  });

  test.each(['put', 'get'] as const)('Ctrl-C in a %s by tar leaves no part behind', async (direction) => {
    await using local = await tempFolder();
    const interrupt = new AbortController();
    await using files = createRemoteFiles(await connectFully(server, interrupt.signal), {
      signal: interrupt.signal,
    });
    const here = join(local.path, 'here');
    const source = direction === 'put' ? here : join(server.home, 'stopped');
    await mkdir(source);
    for (let index = 0; index < 1_500; index += 1)
      await writeFile(join(source, `f${index}`), content(20_000, index));
    let started = 0;
    const observer = {
      ...watch(),
      started: () => {
        started += 1;
        if (started === 20) interrupt.abort();
        return { update: () => {}, stop: () => {} };
      },
    };
    const moving =
      direction === 'put'
        ? files.put(job([here], 'stopped-put'), observer)
        : files.get(job(['stopped'], here), observer);
    await expect(moving).rejects.toMatchObject({ exitCode: 130 });
    await expect.poll(() => leftovers(server.home)).toEqual([]);
    expect(await leftovers(local.path)).toEqual([]);
  });

  test('a file that changes while it is packed is fetched by itself', async () => {
    await using local = await tempFolder();
    await mkdir(join(server.home, 'shrinks'));
    for (let index = 0; index < 100; index += 1)
      await writeFile(join(server.home, 'shrinks', `f${index}`), content(1_000, index));
    const connection = await connectFully(server);
    const changing = {
      ...connection,
      start: async (...call: Parameters<NonNullable<SftpConnection['start']>>) => {
        await writeFile(join(server.home, 'shrinks', 'f50'), 'short');
        const program = await connection.start?.(...call);
        if (program === undefined) throw new Error('no programs');
        return program;
      },
    };
    await using files = createRemoteFiles(changing, { signal: new AbortController().signal });
    const get = await files.get(job(['shrinks'], join(local.path, 'back')), watch());
    expect(get).toMatchObject({ files: 100, byTar: 99, failed: [] });
    expect(await readFile(join(local.path, 'back', 'f50'), 'utf8')).toBe('short');
  });

  test('--via tar without programs in the session is an error, and auto goes by SFTP', async () => {
    await using local = await tempFolder();
    await makeTree(join(local.path, 'tree'));
    await using files = createRemoteFiles(await connectSftp(server), {
      signal: new AbortController().signal,
    });
    const forced = files.put(job([join(local.path, 'tree')], 'no-tar', { via: 'tar' }), watch());
    await expect(forced).rejects.toMatchObject({ code: 'no-tar', hint: expect.stringContaining('SFTP') });
    const put = await files.put(job([join(local.path, 'tree')], 'no-tar'), watch());
    expect(put).toMatchObject({ byTar: 0, failed: [] });
  });
});

async function open(server: TestSshd): Promise<RemoteFiles> {
  const dial = () => connectFully(server);
  return createRemoteFiles(await dial(), { signal: new AbortController().signal, dial });
}

async function bothWays<T>(
  server: TestSshd,
  run: (files: RemoteFiles, via: 'sftp' | 'tar') => Promise<T>,
): Promise<[T, T]> {
  const outcomes: T[] = [];
  for (const via of ways) {
    await using files = await open(server);
    outcomes.push(await run(files, via));
  }
  return outcomes as [T, T];
}

function job(sources: readonly string[], target: string, options: Partial<TransferOptions> = {}) {
  return { sources, target, recursive: true, options: { ...defaultTransferOptions, ...options } };
}

async function* haltingly(source: Readable): AsyncGenerator<Buffer> {
  await after(1_000);
  for await (const chunk of source as AsyncIterable<Buffer>) {
    await after(5);
    yield chunk;
  }
}

/** In any order. */
function codes({ files, failed, skipped }: TransferSummary) {
  const named = (list: TransferSummary['failed']) =>
    list.map(({ path, code }) => `${path.split('/').at(-1)}: ${code}`).sort();
  return { files, failed: named(failed), skipped: named(skipped) };
}

function withoutWay(summary: TransferSummary): TransferSummary {
  return { ...summary, byTar: 0 };
}

async function leftovers(folder: string): Promise<string[]> {
  return (await tree(folder)).filter((path) => /\.bai-/.test(path));
}

async function describeTree(folder: string, withTimes: boolean): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  const lines = names.map(async (name) => {
    const path = join(folder, name);
    const named = await lstat(path);
    const { mode, mtimeMs } = named;
    const isFile = (await stat(path)).isFile();
    const bytes = isFile ? (await readFile(path)).toString('base64') : '';
    const time = named.isFile() && withTimes ? mtimeMs : '';
    return `${name} ${(mode & 0o177_777).toString(8)} ${time} ${bytes}`;
  });
  return (await Promise.all(lines)).sort();
}

async function makeTree(root: string): Promise<void> {
  await mkdir(join(root, 'sub', 'empty'), { recursive: true });
  await mkdir(join(root, '.hidden folder'));
  const names = [
    'a b.txt',
    '.dotfile',
    '~',
    '-C',
    '한글 \u{1f600} $(x) \'"*?',
    'n'.repeat(220),
    '.hidden folder/-r',
    'sub/é',
    'sub/same',
    'same',
    'umask',
  ];
  for (const [index, name] of names.entries()) {
    await writeFile(join(root, name), content(10 ** (index % 6), index));
    await chmod(join(root, name), [0o644, 0o600, 0o755, 0o4711, 0o440][index % 5] ?? 0);
    await utimes(join(root, name), 1_500_000_000, 1_400_000_000 + index);
  }
  await writeFile(join(root, 'empty'), '');
  await utimes(join(root, 'empty'), 1_500_000_000, 1_400_000_000);
  await writeFile(join(root, 'sub', 'large'), content(600_000));
  await utimes(join(root, 'sub', 'large'), 1_500_000_000, 1_400_000_000);
}
