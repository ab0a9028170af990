/** A session whose tar sends something else than it was asked for. */

import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ServerChannel } from 'ssh2';
import { pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { defaultTransferOptions, type TransferOptions } from '../../src/core/sftp/transfer-options.ts';
import type { TransferProblem } from '../../src/core/sftp/transfer-plan.ts';
import { sanitizeLine } from '../../src/core/text/sanitize.ts';
import { createRemoteFiles } from '../../src/transfer/remote-files.ts';
import { content, tempFolder, tree, watch } from '../e2e/transfer-session.ts';
import { connectFully } from '../support/ssh-session.ts';
import { fileText, startLiar } from './transfer-liar.ts';

type Type = 'file' | 'link' | 'symlink' | 'character-device' | 'block-device' | 'directory' | 'fifo';

interface Entry {
  readonly name: string;
  readonly type?: Type;
  readonly body?: string;
  readonly linkname?: string;
  readonly mode?: number;
  readonly pax?: Readonly<Record<string, string>>;
}

async function archive(entries: readonly Entry[]): Promise<Buffer> {
  const stream = pack();
  for (const { body = fileText, type = 'file', ...header } of entries)
    stream.entry({ ...header, type }, type === 'file' ? body : '');
  stream.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Sets fields of the first header and makes its sum right again. */
function withHeader(bytes: Buffer, change: (header: Buffer) => void): Buffer {
  const header = bytes.subarray(0, 512);
  change(header);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return bytes;
}

interface Answer {
  readonly output: Iterable<Buffer>;
  readonly status?: number;
}

function sendOver(answer: () => Promise<Answer>) {
  return (channel: ServerChannel, command: string): void => {
    channel.on('error', () => {});
    const finish = (status: number): void => {
      channel.exit(status);
      channel.end();
    };
    if (command.includes('command -v tar')) {
      finish(0);
      return;
    }
    channel.resume();
    const send = async (): Promise<void> => {
      const { output, status = 0 } = await answer();
      await pipeline(Readable.from(output), channel, { end: false });
      finish(status);
    };
    send().catch(() => channel.close());
  };
}

interface Outcome {
  readonly failed: readonly unknown[];
  /** What was told on the way, with its codes. */
  readonly retried: readonly TransferProblem[];
  readonly skipped: readonly unknown[];
  readonly files: number;
  readonly byTar: number;
  readonly tree: readonly string[];
  readonly good: string;
  readonly mode: number | undefined;
}

/** The folder lists `good` and `other`; below the target's parent lies what could be lost. */
async function fetch(
  answer: () => Promise<Answer>,
  options: Partial<TransferOptions> = {},
): Promise<Outcome> {
  await using local = await tempFolder();
  await using liar = await startLiar({
    folders: { trap: [{ name: 'good' }, { name: 'other' }] },
    onExec: sendOver(answer),
  });
  await mkdir(join(local.path, 'a'));
  await writeFile(join(local.path, 'escaped'), 'precious');
  const connection = await connectFully(liar);
  await using files = createRemoteFiles(connection, { signal: new AbortController().signal, stallMs: 5_000 });
  const target = join(local.path, 'a', 'target');
  const retried: TransferProblem[] = [];
  const summary = await files.get(
    {
      sources: ['trap'],
      target,
      recursive: true,
      options: { ...defaultTransferOptions, via: 'tar', ...options },
    },
    { ...watch(), retrying: (problem) => retried.push(problem) },
  );
  expect(await readFile(join(local.path, 'escaped'), 'utf8')).toBe('precious');
  return {
    ...summary,
    retried,
    tree: await tree(local.path),
    good: await readFile(join(target, 'good'), 'utf8').catch(() => ''),
    mode: (await stat(join(target, 'good')).catch(() => undefined))?.mode,
  };
}

const whole = ['a/', 'a/target/', 'a/target/good', 'a/target/other', 'escaped'];
const asked: readonly Entry[] = [{ name: './good' }, { name: './other' }];

test('what was asked for arrives by tar', async () => {
  const outcome = await fetch(async () => ({ output: [await archive(asked)] }));
  expect(outcome).toMatchObject({ files: 2, byTar: 2, failed: [], retried: [], tree: whole, good: fileText });
});

const strangeNames = [
  '../escaped',
  '../../escaped',
  './../escaped',
  '/etc/bai-escaped',
  '/tmp/bai-escaped',
  'sub/../../escaped',
  'good/../../escaped',
  '..\\escaped',
  'C:\\escaped',
  'con',
  'nul.txt',
  'good ',
  'good.',
  'GOOD',
  '././good',
  './good/',
  'line\nbreak',
  '\u001b[2Jred',
  '\u202egnp.exe',
  `${'n'.repeat(300)}`,
  `${'d/'.repeat(2_000)}deep`,
  '',
];

test.each(strangeNames.map((name) => [sanitizeLine(name).slice(0, 40), name]))(
  'the name "%s", which nobody asked for, is refused',
  async (_, name) => {
    const entries = [{ name }, ...asked];
    const outcome = await fetch(async () => ({ output: [await archive(entries)] }));
    expect(outcome).toMatchObject({ files: 2, failed: [{ code: 'refused-name' }], tree: whole });
  },
);

test('a pax header may hide a name with a NUL, and that is refused too', async () => {
  const entries = [{ name: 'x', pax: { path: 'good\0/../../escaped' } }, ...asked];
  const outcome = await fetch(async () => ({ output: [await archive(entries)] }));
  expect(outcome).toMatchObject({ files: 2, failed: [{ code: 'refused-name' }], tree: whole });
});

test.each<[Type, string]>([
  ['symlink', '/etc/passwd'],
  ['symlink', '../../escaped'],
])('a %s to %s in the place of a file is left out, and not followed', async (type, linkname) => {
  const entries: Entry[] = [{ name: './good', type, linkname }, { name: './good' }, { name: './other' }];
  const outcome = await fetch(async () => ({ output: [await archive(entries)] }));
  expect(outcome).toMatchObject({ skipped: [{ path: 'trap/good', code: 'link' }] });
  expect(outcome.failed).toMatchObject([{ code: 'refused-name' }]);
  expect(outcome.tree).toEqual(whole.filter((name) => name !== 'a/target/good'));
});

test.each<[Type, string]>([
  ['link', 'refused-name'],
  ['character-device', 'special-file'],
  ['block-device', 'special-file'],
  ['fifo', 'special-file'],
  ['directory', 'not-a-file'],
])('a %s in the place of a file is not made, and named as %s', async (type, code) => {
  const entries: Entry[] = [{ name: './good', type, linkname: '../../escaped' }, { name: './other' }];
  const outcome = await fetch(async () => ({ output: [await archive(entries)] }));
  expect(outcome).toMatchObject({ files: 1, byTar: 1, failed: [{ path: 'trap/good', code }], retried: [] });
  expect(outcome.tree).toEqual(whole.filter((name) => name !== 'a/target/good'));
});

test.each(['./good', 'good', './never', '/etc/passwd'])(
  'a link to %s, which did not come before it, is refused',
  async (linkname) => {
    const entries: Entry[] = [{ name: './good', type: 'link', linkname }, { name: './other' }];
    const outcome = await fetch(async () => ({ output: [await archive(entries)] }));
    expect(outcome).toMatchObject({ files: 1, failed: [{ path: 'trap/good', code: 'refused-name' }] });
  },
);

test('a second name of a file that came before is a file like any other', async () => {
  const entries: Entry[] = [{ name: './good' }, { name: './other', type: 'link', linkname: './good' }];
  const outcome = await fetch(async () => ({ output: [await archive(entries)] }));
  expect(outcome).toMatchObject({ files: 2, byTar: 1, failed: [], retried: [], tree: whole });
});

test('a file that comes twice keeps its first content, and the second is refused', async () => {
  const entries: Entry[] = [...asked, { name: './good', body: 'x'.repeat(fileText.length) }];
  const outcome = await fetch(async () => ({ output: [await archive(entries)] }));
  expect(outcome).toMatchObject({ files: 2, failed: [{ code: 'refused-name' }], good: fileText });
});

test('setuid, setgid and sticky bits of a header are not taken', async () => {
  const entries = asked.map((entry) => ({ ...entry, mode: 0o7751 }));
  const outcome = await fetch(async () => ({ output: [await archive(entries)] }), { preserve: true });
  expect(outcome).toMatchObject({ files: 2, byTar: 2, mode: 0o100_751 });
});

const damaged: readonly (readonly [string, () => Promise<Answer>])[] = [
  ['nothing', async () => ({ output: [] })],
  ['noise', async () => ({ output: [content(100_000)] })],
  ['text of a login script', async () => ({ output: [Buffer.from('Welcome!\n'), await archive(asked)] })],
  ['half a header', async () => ({ output: [(await archive(asked)).subarray(0, 300)] })],
  ['half a file', async () => ({ output: [(await archive(asked)).subarray(0, 515)] })],
  ['only the first file', async () => ({ output: [(await archive(asked)).subarray(0, 1_024)] })],
  ['a whole stream and a failure', async () => ({ output: [await archive(asked)], status: 1 })],
  [
    'a file that became shorter',
    async () => ({ output: [await archive([{ name: './good', body: 'x' }, { name: './other' }])] }),
  ],
  [
    'a file that became longer',
    async () => ({
      output: [await archive([{ name: './good', body: 'x'.repeat(9_000) }, { name: './other' }])],
    }),
  ],
  [
    'a size of 8 EiB',
    async () => ({
      output: [
        withHeader(await archive(asked), (header) => {
          header.fill(0, 124, 136);
          header[124] = 0x80;
          header[128] = 0x7f;
        }),
      ],
    }),
  ],
  [
    'a negative size',
    async () => ({ output: [withHeader(await archive(asked), (header) => header.fill(0xff, 124, 136))] }),
  ],
  [
    'a pax size that is no number',
    async () => ({
      output: [await archive([{ name: './good', pax: { size: 'NaN' } }, { name: './other' }])],
    }),
  ],
  ['zeros without end', async () => ({ output: forever(Buffer.alloc(65_536)) })],
  ['noise without end', async () => ({ output: forever(content(65_536)) })],
  [
    'headers without end',
    async () => ({ output: forever((await archive([{ name: 'x', body: '' }])).subarray(0, 512)) }),
  ],
  [
    'a long name of 3 MiB',
    async () => ({ output: [await archive([{ name: './good', pax: { path: 'n'.repeat(3_000_000) } }])] }),
  ],
  [
    'long names without end',
    async () => ({
      output: forever(
        (await archive([{ name: 'x', pax: { path: 'y'.repeat(20_000) } }])).subarray(0, 512 + 20_480),
      ),
    }),
  ],
];

function* forever(chunk: Buffer): Generator<Buffer> {
  for (;;) yield chunk;
}

test.each(damaged)(
  '%s is no loss: what did not come whole comes by itself, and that is said',
  async (name, answer) => {
    const before = process.memoryUsage().rss;
    const outcome = await fetch(answer);
    expect(outcome).toMatchObject({ tree: whole, good: fileText });
    const isTold = outcome.retried.length > 0 || outcome.failed.length > 0;
    expect(isTold).toBe(!name.startsWith('a file that'));
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  },
);

test('a tar that neither prints nor ends is given up', async () => {
  const silent = async (): Promise<Answer> => new Promise(() => {});
  await using local = await tempFolder();
  await using liar = await startLiar({
    folders: { trap: [{ name: 'good' }] },
    onExec: sendOver(silent),
  });
  const connection = await connectFully(liar);
  await using files = createRemoteFiles(connection, { signal: new AbortController().signal, stallMs: 300 });
  const summary = await files.get(
    {
      sources: ['trap'],
      target: local.path,
      recursive: true,
      options: { ...defaultTransferOptions, via: 'tar' },
    },
    watch(),
  );
  expect(summary).toMatchObject({ files: 1, byTar: 0, failed: [] });
});

test('a put into a session that only says it has unpacked goes by itself, and harms nothing else', async () => {
  await using local = await tempFolder();
  await using liar = await startLiar({
    folders: { box: [] },
    attributes: { size: 5 },
    onExec: sendOver(async () => ({ output: [Buffer.from('5 0\n5 ../1\n99999999999999999999 1\n')] })),
    onRename: ({ sftp, id }, from) => sftp.status(id, from.includes('.bai-tar') ? 4 : 0),
  });
  for (const name of ['x', 'y']) await writeFile(join(local.path, name), 'five!');
  await using files = createRemoteFiles(await connectFully(liar), { signal: new AbortController().signal });
  const summary = await files.put(
    {
      sources: [`${local.path}/.`],
      target: 'box',
      recursive: true,
      options: { ...defaultTransferOptions, via: 'tar' },
    },
    watch(),
  );
  expect(summary).toMatchObject({ files: 2, byTar: 0, failed: [] });
  for (const path of liar.changed) expect(path).toMatch(/^(?:.*\/)?box(?:\/|$)/);
});
