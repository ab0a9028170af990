/** A server that lists names which lead elsewhere. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { sanitizeLine } from '../../src/core/text/sanitize.ts';
import { removeFiles } from '../../src/services/sftp/sftp-remove.ts';
import { localFiles } from '../../src/transfer/local/local-files.ts';
import { openFiles, recordingReporter, tempFolder, tree, watch } from '../e2e/transfer-session.ts';
import { fileMode, fileText, folderMode, linkMode, startLiar } from './transfer-liar.ts';

const refused = [
  '',
  '../escaped',
  '../../escaped',
  '../../../../../../../../tmp/bai-escaped',
  '/escaped',
  '/tmp/bai-escaped',
  '/etc/bai-escaped',
  'sub/../../escaped',
  'sub/escaped',
  './escaped',
  'escaped/',
  'escaped/.',
  'escaped/..',
  '..\\escaped',
  '..\\..\\escaped',
  'sub\\escaped',
  '\\escaped',
  '\\\\server\\share\\escaped',
  'C:\\escaped',
  'escaped\0',
  'good\0/../../escaped',
  '\0',
  'line\nbreak',
  'carriage\rreturn',
  'tab\tbed',
  '\u001b[2J\u001b[31mred',
  '\u001b]0;title\u0007',
  'back\bspace',
  'delete\u007f',
  'c1\u009b31m',
  'bell\u0007',
  '..\u0000',
  'replaced\ufffd',
];

/** Names that look bad and are not: each becomes one file in the target. */
const accepted = [
  '...',
  '. .',
  '..a',
  'a..',
  '-rf',
  '$(touch escaped)',
  '`id`',
  ';reboot',
  '~',
  '%2e%2e%2fescaped',
  '*',
  ' ',
];

test.each(refused.map((name) => [sanitizeLine(name), name]))('the name "%s" is refused', async (_, name) => {
  await using local = await tempFolder();
  await using liar = await startLiar({ folders: { trap: [{ name }, { name: 'good' }] } });
  await using files = await openFiles(liar);
  await prepare(local.path);
  const summary = await files.get(
    { sources: ['trap'], target: join(local.path, 'a', 'target'), recursive: true },
    watch(),
  );
  expect(summary.failed).toMatchObject([{ path: `trap/${name}`, code: 'refused-name' }]);
  expect(summary.files).toBe(1);
  expect(liar.opened).toEqual(['trap/good']);
  expect(await tree(local.path)).toEqual(['a/', 'a/target/', 'a/target/good', 'escaped']);
  expect(await readFile(join(local.path, 'escaped'), 'utf8')).toBe('precious');
});

test.each(refused.map((name) => [sanitizeLine(name), name]))(
  'the folder name "%s" is refused',
  async (_, name) => {
    await using local = await tempFolder();
    await using liar = await startLiar({
      folders: {
        trap: [{ name, mode: folderMode }, { name: 'good' }],
        [`trap/${name}`]: [{ name: 'escaped' }],
      },
    });
    await using files = await openFiles(liar);
    await prepare(local.path);
    const summary = await files.get(
      { sources: ['trap'], target: join(local.path, 'a', 'target'), recursive: true },
      watch(),
    );
    expect(summary.failed).toMatchObject([{ code: 'refused-name' }]);
    expect(await tree(local.path)).toEqual(['a/', 'a/target/', 'a/target/good', 'escaped']);
  },
);

test('names that only look bad are fetched as they are', async () => {
  await using local = await tempFolder();
  await using liar = await startLiar({ folders: { odd: accepted.map((name) => ({ name })) } });
  await using files = await openFiles(liar);
  const summary = await files.get({ sources: ['odd'], target: `${local.path}/`, recursive: true }, watch());
  expect(summary).toMatchObject({ files: accepted.length, failed: [] });
  expect(await tree(join(local.path, 'odd'))).toEqual([...accepted].sort());
});

test('the names of this folder and the one above are not followed', async () => {
  await using local = await tempFolder();
  await using liar = await startLiar({
    folders: {
      dots: [
        { name: '.', mode: folderMode },
        { name: '..', mode: folderMode },
        { name: '..', mode: fileMode },
        { name: 'good' },
      ],
    },
  });
  await using files = await openFiles(liar);
  const summary = await files.get({ sources: ['dots'], target: local.path, recursive: true }, watch());
  expect(summary).toMatchObject({ files: 1, failed: [] });
  expect(await tree(local.path)).toEqual(['dots/', 'dots/good']);
});

test('a link that is then listed as a folder of the same name writes nothing outside', async () => {
  await using local = await tempFolder();
  await using liar = await startLiar({
    folders: {
      trap: [{ name: 'x', mode: linkMode }, { name: 'x', mode: folderMode }, { name: 'x' }],
      'trap/x': [{ name: 'inner' }],
    },
  });
  await using files = await openFiles(liar);
  const summary = await files.get({ sources: ['trap'], target: local.path, recursive: true }, watch());
  expect(summary.skipped).toMatchObject([{ path: 'trap/x', code: 'link' }]);
  const twice = { path: 'trap/x', code: 'refused-name' };
  expect(summary.failed).toMatchObject([twice, twice]);
  expect(await tree(local.path)).toEqual(['trap/']);
});

test('a name too long for this machine is named, and the rest goes on', async () => {
  await using local = await tempFolder();
  await using liar = await startLiar({ folders: { trap: [{ name: 'n'.repeat(4_096) }, { name: 'good' }] } });
  await using files = await openFiles(liar);
  const summary = await files.get({ sources: ['trap'], target: local.path, recursive: true }, watch());
  expect(summary).toMatchObject({ files: 1, failed: [{ code: 'local-system' }] });
  expect(await tree(local.path)).toEqual(['trap/', 'trap/good']);
});

test('a tree without a bottom ends where this machine has no longer paths', async () => {
  await using local = await tempFolder();
  const name = 'd'.repeat(200);
  const folders: Record<string, { name: string; mode: number }[]> = {};
  for (let path = 'trap', depth = 0; depth < 40; depth += 1, path += `/${name}`) {
    folders[path] = [{ name, mode: folderMode }];
  }
  await using liar = await startLiar({ folders });
  await using files = await openFiles(liar);
  const summary = await files.get({ sources: ['trap'], target: local.path, recursive: true }, watch());
  expect(summary.failed).toMatchObject([{ code: 'local-system' }]);
});

test('rm -r refuses names that lead out of the folder it removes', async () => {
  await using liar = await startLiar({
    folders: { trap: ['../precious', '', 'a/b', 'x\0y', 'good'].map((name) => ({ name })) },
  });
  const reporter = recordingReporter();
  const status = await removeFiles(
    { session: 'demo', paths: ['trap'], recursive: true },
    {
      reporter,
      signal: new AbortController().signal,
      ...{ local: localFiles, stdin: new PassThrough(), stdout: new PassThrough() },
      open: () => openFiles(liar),
    },
  );
  expect(status).toBe(1);
  expect(liar.changed).toEqual(['trap/good']);
});

/** The target is two folders down, and what a name could reach holds something to lose. */
async function prepare(root: string): Promise<void> {
  await mkdir(join(root, 'a'));
  await writeFile(join(root, 'escaped'), 'precious');
  expect(fileText).not.toBe('precious');
}
