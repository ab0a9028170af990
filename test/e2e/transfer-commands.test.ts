/** The `bai sftp` commands from their arguments to their answers, on a real server. */

import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as get from '../../src/commands/sftp/get.ts';
import * as ls from '../../src/commands/sftp/ls.ts';
import * as makeFolder from '../../src/commands/sftp/mkdir.ts';
import * as mv from '../../src/commands/sftp/mv.ts';
import * as put from '../../src/commands/sftp/put.ts';
import * as rm from '../../src/commands/sftp/rm.ts';
import * as stat from '../../src/commands/sftp/stat.ts';
import type { CommandModule } from '../../src/commands/shared/command.ts';
import type { Context } from '../../src/context.ts';
import { ConflictError, NotFoundError, UsageError } from '../../src/errors.ts';
import type { SftpTools } from '../../src/services/sftp/sftp-tools.ts';
import { localFiles } from '../../src/transfer/local/local-files.ts';
import { sshdMissing, startSshd, type TestSshd } from '../support/sshd.ts';
import { openFiles, recordingReporter, tempFolder, tree } from './transfer-session.ts';

const why = sshdMissing === undefined ? '' : ` (${sshdMissing})`;

describe.skipIf(sshdMissing !== undefined)(`bai sftp${why}`, () => {
  let server: TestSshd;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  async function run(command: CommandModule, ...args: string[]) {
    const reporter = recordingReporter();
    const sessions: string[] = [];
    const deps: SftpTools = {
      reporter,
      signal: new AbortController().signal,
      ...{ local: localFiles, stdin: new PassThrough(), stdout: new PassThrough() },
      open: (session) => {
        sessions.push(session);
        return openFiles(server);
      },
    };
    // The commands use nothing else of the context.
    const asked = { overrideSettings: () => {}, tools: async () => deps };
    const context = { reporter, exitCode: 0, ...asked } as unknown as Context;
    const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
    command.define(program, context);
    await program.parseAsync(args, { from: 'user' });
    return { ...reporter, sessions, exitCode: context.exitCode, value: reporter.results[0]?.value };
  }

  test('put answers with what it moved', async () => {
    await using local = await tempFolder();
    await writeFile(join(local.path, 'data.tar'), 'four');
    const answer = await run(put, join(local.path, 'data.tar'), 'demo:');
    expect(answer).toMatchObject({
      exitCode: 0,
      sessions: ['demo'],
      value: { session: 'demo', files: 1, bytes: 4, failed: [], skipped: [], seconds: expect.any(Number) },
    });
    expect(answer.infos).toEqual([expect.stringMatching(/^1 file, 4 B in \d+\.\d s/)]);
    expect(answer.bars).toEqual([[join(local.path, 'data.tar'), 4]]);
    expect(await readFile(join(server.home, 'data.tar'), 'utf8')).toBe('four');
  });

  test('the exit status is 1 when something was not moved, and each is named', async () => {
    await using local = await tempFolder();
    await mkdir(join(local.path, 'some'));
    await writeFile(join(local.path, 'some', 'file'), 'file');
    await symlink('nowhere', join(local.path, 'some', 'dangling'));
    const answer = await run(put, '-r', join(local.path, 'some'), 'demo:');
    expect(answer).toMatchObject({
      exitCode: 1,
      value: { files: 1, failed: [{ path: join(local.path, 'some', 'dangling'), code: 'not-found' }] },
    });
    expect(answer.warnings).toEqual([expect.stringContaining('dangling')]);
    expect(answer.infos).toEqual([expect.stringContaining('1 not moved')]);
  });

  test('get takes several sources into a folder', async () => {
    await using local = await tempFolder();
    await writeFile(join(server.home, 'one'), '1');
    await writeFile(join(server.home, 'two'), '22');
    const answer = await run(get, 'demo:one', 'demo:~/two', local.path);
    expect(answer).toMatchObject({ exitCode: 0, value: { files: 2, bytes: 3 } });
    expect(await tree(local.path)).toEqual(['one', 'two']);
  });

  test('get refuses two sources of one name before it connects', async () => {
    await expect(run(get, 'demo:a/x', 'demo:b/x', '/tmp')).rejects.toThrow(UsageError);
  });

  test('ls shows names, and hidden ones only with --all', async () => {
    await mkdir(join(server.home, 'listed', 'sub'), { recursive: true });
    await writeFile(join(server.home, 'listed', 'file'), 'five!', { mode: 0o640 });
    await writeFile(join(server.home, 'listed', '.hidden'), '');
    for (const args of [['demo:listed'], ['demo', 'listed'], ['demo:~/listed/']]) {
      expect((await run(ls, ...args)).results[0]?.human).toEqual(['file', 'sub']);
    }
    const all = await run(ls, '-la', 'demo:listed');
    expect(all.value).toMatchObject({
      path: 'listed',
      entries: [
        { name: '.hidden', kind: 'file', size: 0 },
        {
          name: 'file',
          kind: 'file',
          size: 5,
          mode: '0640',
          modifiedAt: expect.stringMatching(/^\d{4}-.*Z$/),
        },
        { name: 'sub', kind: 'folder' },
      ],
    });
    expect(all.results[0]?.human).toMatchObject({
      rows: [
        expect.anything(),
        ['-rw-r-----', '5', expect.anything(), 'file'],
        expect.arrayContaining(['sub']),
      ],
    });
  });

  test('ls of a session is its home, and of a file that file', async () => {
    await writeFile(join(server.home, 'alone'), '');
    expect((await run(ls, 'demo')).results[0]?.human).toContain('alone');
    expect((await run(ls, 'demo:alone')).results[0]?.human).toEqual(['alone']);
    await expect(run(ls, 'demo:none')).rejects.toThrow(NotFoundError);
  });

  test('stat does not follow links, and says where they lead', async () => {
    await writeFile(join(server.home, 'pointed-at'), 'x');
    await symlink('pointed-at', join(server.home, 'pointing'));
    expect((await run(stat, 'demo:pointing')).value).toMatchObject({
      kind: 'link',
      realPath: join(server.home, 'pointed-at'),
    });
    expect((await run(stat, 'demo', 'pointed-at')).value).toMatchObject({ kind: 'file', size: 1 });
  });

  test('mkdir makes one folder, with -p all of them', async () => {
    expect((await run(makeFolder, 'demo:new')).value).toEqual({ session: 'demo', created: ['new'] });
    await expect(run(makeFolder, 'demo:new')).rejects.toThrow(ConflictError);
    await expect(run(makeFolder, 'demo:no/such')).rejects.toThrow(NotFoundError);
    const deep = join(server.home, 'new', 'a', 'b');
    expect((await run(makeFolder, '-p', `demo:${deep}`)).value).toEqual({
      session: 'demo',
      created: [join(server.home, 'new', 'a'), deep],
    });
    expect((await run(makeFolder, '-p', 'demo:new/a/b')).value).toEqual({ session: 'demo', created: [] });
  });

  test('rm removes files and, with -r, whole folders, but no link is followed', async () => {
    await mkdir(join(server.home, 'gone', 'sub', 'deep'), { recursive: true });
    await mkdir(join(server.home, 'kept'));
    await writeFile(join(server.home, 'kept', 'file'), 'kept');
    await writeFile(join(server.home, 'gone', '~'), '');
    await symlink('../kept', join(server.home, 'gone', 'link'));
    await expect(run(rm, 'demo:gone')).rejects.toMatchObject({ code: 'is-folder' });
    expect(await run(rm, '-r', 'demo:gone')).toMatchObject({
      exitCode: 0,
      value: { removed: 5, failed: [] },
    });
    expect(await tree(join(server.home, 'kept'))).toEqual(['file']);
    expect(await tree(server.home)).not.toContain('gone/');
    await expect(run(rm, 'demo:gone')).rejects.toThrow(NotFoundError);
  });

  test.each(['', '.', '..', '/', '~', '~/', './', 'kept/..', '~/..', '//'])(
    'rm refuses "%s"',
    async (path) => {
      await expect(run(rm, '-r', `demo:${path}`)).rejects.toThrow(UsageError);
    },
  );

  test('mv renames, replaces a file, and moves into a folder', async () => {
    await mkdir(join(server.home, 'shelf'));
    await writeFile(join(server.home, 'draft'), 'draft');
    await writeFile(join(server.home, 'final'), 'old');
    await run(mv, 'demo:draft', 'demo:final');
    expect(await readFile(join(server.home, 'final'), 'utf8')).toBe('draft');
    expect((await run(mv, 'demo:final', 'shelf')).value).toMatchObject({ from: 'final', to: 'shelf/final' });
    expect((await run(mv, 'demo', 'shelf/final', '~/back')).value).toMatchObject({ to: 'back' });
    await expect(run(mv, 'demo:back', 'demo:missing/')).rejects.toThrow(ConflictError);
    await expect(run(mv, 'demo:back', 'other:back')).rejects.toThrow(UsageError);
    await expect(run(mv, 'demo:none', 'demo:back')).rejects.toThrow(NotFoundError);
    expect(await readFile(join(server.home, 'back'), 'utf8')).toBe('draft');
  });
});
