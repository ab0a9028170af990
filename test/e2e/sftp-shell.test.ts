/** `bai sftp SESSION` line by line, on a real server. */

import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Completer, runShell } from '../../src/services/sftp/sftp-shell.ts';
import { completeLine } from '../../src/services/sftp/sftp-shell-complete.ts';
import { localFiles } from '../../src/transfer/local/local-files.ts';
import { sshdMissing, startSshd, type TestSshd } from '../support/sshd.ts';
import { openFiles, recordingReporter, tempFolder, tree } from './transfer-session.ts';

const why = sshdMissing === undefined ? '' : ` (${sshdMissing})`;

describe.skipIf(sshdMissing !== undefined)(`the shell of bai sftp${why}`, () => {
  let server: TestSshd;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  async function shell(lines: readonly string[], { goesOn = false } = {}) {
    const texts: string[] = [];
    const failures: unknown[] = [];
    let connections = 0;
    const base = recordingReporter();
    const reporter = {
      ...base,
      text: (content: string) => texts.push(content),
      failure: (error: unknown) => {
        failures.push(error);
        return (error as { exitCode: number }).exitCode; // Only what bai throws itself comes here.
      },
    };
    const status = await runShell(
      {
        session: 'demo',
        goesOn,
        lines: async function* () {
          yield* lines;
        },
      },
      {
        reporter,
        signal: new AbortController().signal,
        local: localFiles,
        open: () => {
          connections += 1;
          return openFiles(server);
        },
        stdin: new PassThrough(),
        stdout: new PassThrough(),
      },
    );
    return { ...base, status, texts, failures, connections };
  }

  test('patterns stand for what they match in ls, get, put, chmod and rm', async () => {
    await using local = await tempFolder();
    // The folders one is in have names that could be patterns, and others that those would match.
    const [here, far] = [join(local.path, 'in[1]'), join(server.home, 'far[1]')];
    for (const folder of [here, join(local.path, 'in1'), far, join(server.home, 'far1')]) await mkdir(folder);
    for (const name of ['a.txt', 'b.txt', 'c.md']) await writeFile(join(here, name), name);
    await writeFile(join(server.home, 'far1', 'wrong.txt'), '');
    await writeFile(join(local.path, 'in1', 'wrong.txt'), '');
    await writeFile(join(far, '*'), 'star');
    const answer = await shell([
      'cd far[1]',
      `lcd '${here}'`,
      'put *.txt',
      'put c.md',
      'ls *.txt',
      'ls -l [ab].*',
      'chmod 604 *.txt',
      'rm b*',
      'lcd ..',
      'get *.txt back.txt',
      'get /*none*/nothing',
    ]);
    expect(answer.failures).toMatchObject([{ code: 'no-match' }]);
    for (const line of ['rm wrong.txt', 'get wrong.txt', 'chmod 600 wrong.txt', 'put wrong.txt']) {
      // The folder's own name would match the one that holds this file.
      const { status } = await shell(['cd far[1]', `lcd '${here}'`, line]);
      expect([line, status]).toEqual([line, 4]);
    }
    expect(answer.results.map(({ value }) => value).slice(2, 4)).toMatchObject([
      { path: '*.txt', entries: [{ name: 'a.txt' }, { name: 'b.txt' }] },
      { path: '[ab].*', entries: [{ name: 'a.txt' }, { name: 'b.txt' }] },
    ]);
    expect(await tree(far)).toEqual(['*', 'a.txt', 'c.md']);
    expect((await stat(join(far, 'a.txt'))).mode & 0o777).toBe(0o604);
    expect(await readFile(join(local.path, 'back.txt'), 'utf8')).toBe('a.txt');
    expect(await tree(join(server.home, 'far1'))).toEqual(['wrong.txt']);
  });

  test.each(['chmod', 'chmod a+x file', 'chmod 644', 'chmod 9 file', 'rm'])(
    '"%s" is a usage error',
    async (line) => {
      expect(await shell([line])).toMatchObject({ status: 2 });
    },
  );

  test('files go in and out, relative to the folders that cd and lcd chose, over one connection', async () => {
    await using local = await tempFolder();
    await mkdir(join(local.path, 'in'));
    await writeFile(join(local.path, 'in', 'a b.txt'), 'text');
    const answer = await shell([
      'mkdir -p work/deep',
      'cd work',
      'cd deep',
      'pwd',
      `lcd '${local.path}'`,
      'lcd in',
      'lpwd',
      "put 'a b.txt'",
      'put a\\ b.txt other.txt',
      'lcd ..',
      'get *.txt',
      'cd',
      'get work/deep/other.txt copy.txt',
      '# a comment',
      '',
    ]);
    expect(answer).toMatchObject({ status: 0, failures: [], connections: 1 });
    expect(answer.texts).toEqual([`${server.home}/work/deep\n`, `${local.path}/in\n`]);
    expect(await tree(join(server.home, 'work'))).toEqual(['deep/', 'deep/a b.txt', 'deep/other.txt']);
    expect(await tree(local.path)).toEqual(['a b.txt', 'copy.txt', 'in/', 'in/a b.txt', 'other.txt']);
    expect(await readFile(join(local.path, 'copy.txt'), 'utf8')).toBe('text');
  });

  test('ls, lls, rename, rm and rmdir do what their names say', async () => {
    await using local = await tempFolder();
    await writeFile(join(local.path, 'here'), '');
    await mkdir(join(server.home, 'ops', 'empty'), { recursive: true });
    await writeFile(join(server.home, 'ops', 'one'), '1');
    const answer = await shell([
      'cd ops',
      'rename one two',
      'rmdir empty',
      'ls',
      `lls ${local.path}`,
      'rm two',
      'exit',
      'mkdir never',
    ]);
    expect(answer.status).toBe(0);
    expect(answer.results.map(({ human }) => human)).toContainEqual(['two']);
    expect(answer.texts).toEqual(['here\n']);
    expect(await tree(join(server.home, 'ops'))).toEqual([]);
  });

  test('a batch ends at the first line that fails, with its status', async () => {
    const answer = await shell(['mkdir before', 'cd nowhere', 'mkdir after']);
    expect(answer).toMatchObject({ status: 4, failures: [{ code: 'not-found' }] });
    expect(await tree(server.home)).not.toContain('after/');
  });

  test('a line with a dash before it may fail', async () => {
    expect(await shell(['-cd nowhere', 'mkdir dashed'])).toMatchObject({ status: 0 });
    expect(await tree(server.home)).toContain('dashed/');
  });

  test('where somebody types, a failure is told and the next line is read', async () => {
    const answer = await shell(['nonsense', 'ls -x', "get 'unfinished", 'get', 'rm a b c', 'mkdir typed'], {
      goesOn: true,
    });
    expect(answer.status).toBe(0);
    expect(answer.failures).toHaveLength(4);
    expect(await tree(server.home)).toContain('typed/');
  });

  test('Tab completes commands, and names on the side that is meant', async () => {
    await using local = await tempFolder();
    await mkdir(join(server.home, 'tab', 'folder'), { recursive: true });
    for (const name of ['far one', 'far.two', '.hidden', 'bad\nname'])
      await writeFile(join(server.home, 'tab', name), '');
    await writeFile(join(local.path, 'near'), '');
    await using files = await openFiles(server);
    const tools = { local: localFiles } as never; // Completion asks for nothing else.
    const state = { files, tools, remote: join(server.home, 'tab'), local: local.path } as never;
    const complete: Completer = (line) => completeLine(line, state);
    expect(await complete('lp')).toEqual([['lpwd '], 'lp']);
    expect(await complete('get fa')).toEqual([['far\\ one', 'far.two'], 'fa']);
    expect(await complete('get far\\ o')).toEqual([['far\\ one'], 'far\\ o']);
    expect(await complete('cd ')).toEqual([['far\\ one', 'far.two', 'folder/'], '']);
    expect(await complete('get -r folder n')).toEqual([['near'], 'n']);
    expect(await complete('put ')).toEqual([['near'], '']);
    expect(await complete('put near fo')).toEqual([['folder/'], 'fo']);
    expect(await complete('ls nowhere/x')).toEqual([[], 'nowhere/x']);
    expect(await complete('pwd x')).toEqual([[], 'x']);
  });

  test('Tab shows two names that look alike as what they are, and what it writes is the name', async () => {
    await using local = await tempFolder();
    const folder = join(server.home, 'alike');
    await mkdir(folder, { recursive: true });
    const names = ['pay', 'pay\u200b', 'pay\u202e', 'tag\u{e0041}'];
    for (const name of names) await writeFile(join(folder, name), name);
    await using files = await openFiles(server);
    const tools = { local: localFiles } as never; // Completion asks for nothing else.
    const state = { files, tools, remote: folder, local: local.path } as never;
    const complete: Completer = (line) => completeLine(line, state);
    const words = ['pay', "pay$'\\u200b'", "pay$'\\u202e'"];
    expect(await complete('get p')).toEqual([words, 'p']);
    expect(await complete("get pay$'\\u20")).toEqual([words.slice(1), "pay$'\\u20"]);
    expect(await complete('get t')).toEqual([["tag$'\\u{e0041}'"], 't']);
    const answer = await shell(['cd alike', `lcd '${local.path}'`, `rm ${words[1]}`, `get ${words[2]} got`]);
    expect(answer).toMatchObject({ status: 0, failures: [] });
    expect(await tree(folder)).toEqual(names.filter((name) => name !== 'pay\u200b'));
    expect(await readFile(join(local.path, 'got'), 'utf8')).toBe('pay\u202e');
  });

  test('pwd and lls print each name on one line', async () => {
    await using local = await tempFolder();
    await writeFile(join(local.path, 'a\nerror: fake'), '');
    await mkdir(join(server.home, 'in\nhere'), { recursive: true });
    const answer = await shell(["cd $'in\\nhere'", 'pwd', `lls ${local.path}`]);
    expect(answer.texts).toEqual([`${server.home}/in\\nhere\n`, 'a\\nerror: fake\n']);
  });
});
