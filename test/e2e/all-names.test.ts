/** Every name that a file may have on Linux, of small and of large files, through all commands that move or remove. */

import { isUtf8 } from 'node:buffer';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CommandModule } from '../../src/commands/command.ts';
import * as get from '../../src/commands/sftp/get.ts';
import * as put from '../../src/commands/sftp/put.ts';
import * as remove from '../../src/commands/sftp/rm.ts';
import * as sync from '../../src/commands/sftp/sync.ts';
import { entryNameProblem } from '../../src/core/remote-path.ts';
import { isUnfinished } from '../../src/core/transfer-plan.ts';
import { createRemoteFiles } from '../../src/transfer/remote-files.ts';
import { connectFully } from '../support/ssh-session.ts';
import { sshServers, type TestSshd } from '../support/sshd.ts';
import { type SftpAnswer, sftpBed } from './sftp-bed.ts';
import { content, tempFolder } from './transfer-session.ts';

const seed = Number(process.env['BAI_TEST_SEED'] ?? Date.now() % 2 ** 31);
/** Of one case in a run that failed, as fast-check names it. */
const path = process.env['BAI_TEST_PATH'];
const replay = { seed, ...(path !== undefined && { path }) };
const runs = Number(process.env['BAI_TEST_RUNS'] ?? 8);

/** Above what has a journal and goes in pieces. */
const largeBytes = 4_300_000;

const odd = [
  ...[
    '-x',
    '--',
    '-',
    '-rf',
    '--help',
    ' ',
    ' a',
    'a ',
    '\n',
    'a\nb',
    'a\tb',
    '\u007f',
    '\u001b[31m',
    '~',
    '~x',
    '~root',
  ],
  ...[
    '*',
    '?',
    '[a]',
    '[!a]',
    '{a,b}',
    'a:b',
    'demo:x',
    '"',
    "'",
    '$HOME',
    '`id`',
    '$(id)',
    '%n',
    '\\',
    'a\\b',
    '\\n',
    '#',
    '!',
  ],
  ...[
    '...',
    '. .',
    '..a',
    '.a',
    'CON',
    'nul.txt',
    'a|b',
    'a;b',
    'a&b',
    '<a>',
    '(a)',
    '0',
    '1',
    'end',
    'x.tar',
  ],
  ...[
    '.bai-part',
    'x.bai-part',
    '.x.bai-part',
    '.x.bai-journal',
    '.x.bai-tar',
    '.x.bai-lock',
    '.x.bai-new',
    '.bai-names-x',
  ],
  ...[
    '\ufffd',
    '\u202e',
    '\u200b',
    '\u0301',
    '\u00e9',
    'e\u0301',
    'A',
    'a',
    '\ufeff',
    '\u2028',
    '\u{1f600}',
    '\u{e0001}',
  ],
  ...[
    'a'.repeat(255),
    '-'.repeat(255),
    '\u00e9'.repeat(127),
    '\u{1f600}'.repeat(63),
    `.${'b'.repeat(244)}.bai-part`,
  ],
  ...[
    `${'c'.repeat(254)}\n`,
    ' '.repeat(255),
    '~'.repeat(255),
    '\u20ac'.repeat(85),
    `${'d'.repeat(132)}`,
    `${'d'.repeat(243)}`,
  ],
].map((name) => Buffer.from(name));

const raw = [[0xff], [0x80], [0x61, 0xff], [0xc3], [0xed, 0xa0, 0x80], Array<number>(255).fill(0xfe)].map(
  (bytes) => Buffer.from(bytes),
);

const isLegal = (name: Buffer): boolean =>
  name.length >= 1 &&
  name.length <= 255 &&
  !name.includes(0) &&
  !name.includes(0x2f) &&
  !['.', '..'].includes(name.toString('latin1'));

const anyText = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 255 })
  .map((text) => Buffer.from(text))
  .filter(isLegal);
const anyBytes = fc
  .uint8Array({ minLength: 1, maxLength: 255 })
  .map((bytes) => Buffer.from(bytes))
  .filter(isLegal);
const textNames = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...odd) },
  { weight: 2, arbitrary: anyText },
);
const names = fc.oneof(
  { weight: 8, arbitrary: textNames },
  { weight: 1, arbitrary: fc.constantFrom(...raw) },
  { weight: 1, arbitrary: anyBytes },
);

interface OneFile {
  /** Below a folder of the other name, or not. */
  readonly folder: Buffer | undefined;
  readonly name: Buffer;
  readonly size: number;
}

function filesOf(name: fc.Arbitrary<Buffer>): fc.Arbitrary<OneFile[]> {
  const file = fc.record({
    folder: fc.option(name, { nil: undefined, freq: 2 }),
    name,
    size: fc.oneof(
      { weight: 9, arbitrary: fc.nat(200) },
      { weight: 2, arbitrary: fc.constant(300_000) },
      { weight: 1, arbitrary: fc.constant(largeBytes) },
    ),
  });
  return fc.uniqueArray(file, { minLength: 4, maxLength: 14, selector: keyOf }).map(withoutClashes);
}

const keyOf = ({ folder, name }: OneFile): string =>
  `${folder?.toString('latin1') ?? ''}/${name.toString('latin1')}`;

/** No file has the name of a folder. */
function withoutClashes(files: OneFile[]): OneFile[] {
  const folders = new Set(files.map(({ folder }) => folder?.toString('latin1')));
  return files.filter(({ folder, name }) => folder !== undefined || !folders.has(name.toString('latin1')));
}

const slash = Buffer.from('/');
const at = (root: string, ...parts: readonly (Buffer | undefined)[]): Buffer =>
  Buffer.concat([Buffer.from(root), ...parts.flatMap((part) => (part === undefined ? [] : [slash, part]))]);

async function make(root: string, files: readonly OneFile[]): Promise<void> {
  await mkdir(root, { recursive: true });
  for (const [index, { folder, name, size }] of files.entries()) {
    if (folder !== undefined) await mkdir(at(root, folder), { recursive: true });
    await writeFile(at(root, folder, name), content(size, index + 1));
  }
}

/** All files by their path, one character for each byte, with what is in them; folders with a slash at their end. */
async function read(root: string, below = Buffer.alloc(0)): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const name of await readdir(at(root, below), { encoding: 'buffer' })) {
    const path = below.length === 0 ? name : Buffer.concat([below, slash, name]);
    if ((await stat(at(root, path))).isDirectory()) {
      found.set(`${path.toString('latin1')}/`, Buffer.alloc(0));
      for (const [key, bytes] of await read(root, path)) found.set(key, bytes);
    } else found.set(path.toString('latin1'), await readFile(at(root, path)));
  }
  return found;
}

type Rule = (name: Buffer) => boolean;

/** Names that are UTF-8 can be sent; the others are refused and named. */
const canBeSent: Rule = (name) => isUtf8(name);
/** What a server lists becomes a name here unless it could mean something else (docs/decisions.md). */
const canBeFetched: Rule = (name) =>
  canBeSent(name) && entryNameProblem(name.toString(), false) === undefined;
const isLeftOut: Rule = (name) => canBeSent(name) && isUnfinished(name.toString());

function partsOf(path: string): Buffer[] {
  return path
    .replace(/\/$/, '')
    .split('/')
    .map((part) => Buffer.from(part, 'latin1'));
}

/** What must arrive of a tree, and whether that is less than was asked for. */
function expected(
  source: ReadonlyMap<string, Buffer>,
  rule: Rule,
): { arrives: Map<string, Buffer>; isLess: boolean } {
  const arrives = new Map<string, Buffer>();
  let isLess = false;
  for (const [path, bytes] of source) {
    const parts = partsOf(path);
    const stop = parts.find((part) => !rule(part) || isLeftOut(part));
    if (stop === undefined) arrives.set(path, bytes);
    else if (!rule(stop)) isLess = true;
  }
  return { arrives, isLess };
}

/** Without folders. */
function filesIn(tree: ReadonlyMap<string, Buffer>): Map<string, Buffer> {
  return new Map([...tree].filter(([path]) => !path.endsWith('/')));
}

function same(found: ReadonlyMap<string, Buffer>, wanted: ReadonlyMap<string, Buffer>): void {
  expect([...found.keys()].sort()).toEqual([...wanted.keys()].sort());
  for (const [path, bytes] of wanted) expect(found.get(path)?.equals(bytes)).toBe(true);
}

/** With what it said, where it is another. */
function ends(answer: SftpAnswer, isLess: boolean): void {
  expect({
    status: answer.exitCode,
    said: answer.exitCode === status(isLess) ? [] : answer.warnings,
  }).toEqual({ status: status(isLess), said: [] });
}

const moved = ({ value }: SftpAnswer): unknown => (value as { files: number } | undefined)?.files;
const status = (isLess: boolean): number => (isLess ? 1 : 0);

describe.each(sshServers.filter(({ name }) => name !== 'dropbear'))(
  `all names with $name (BAI_TEST_SEED=${seed})`,
  ({ missing, start }) => {
    if (missing !== undefined) return test.skip(missing, () => {});
    let server: TestSshd;
    let tried = 0;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(async () => {
      process.stderr.write(`all names: ${tried} names tried, BAI_TEST_SEED=${seed}\n`);
      await server[Symbol.asyncDispose]();
    });
    let state = '';
    const bed = sftpBed(
      () => server,
      (files) => files,
      async (address) =>
        createRemoteFiles(await connectFully(address), {
          signal: new AbortController().signal,
          resume: { folder: state, peer: 'test' },
          dial: () => connectFully(address),
        }),
    );
    const run = (command: CommandModule, ...args: string[]): Promise<SftpAnswer> => bed.run(command, ...args);

    test('folders go there and back, and a second sync moves nothing', { timeout: 600_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(
          filesOf(names),
          filesOf(names),
          fc.constantFrom('sftp', 'tar'),
          async (files, others, via) => {
            await using local = await tempFolder();
            state = join(local.path, 'state');
            const [near, far, back] = [
              join(local.path, 'near'),
              join(server.home, 'far'),
              join(local.path, 'back'),
            ];
            try {
              await mkdir(far);
              await make(near, files);
              tried += files.length;
              const source = await read(near);
              const sent = expected(source, canBeSent);
              ends(await run(put, '-r', '--via', via, '--', near, 'demo:far/put'), sent.isLess);
              same(await read(join(far, 'put')), sent.arrives);
              for (const turn of [1, 2]) {
                const answer = await run(sync, '--via', via, '--', near, 'demo:far/sync');
                ends(answer, sent.isLess);
                expect(moved(answer)).toBe(turn === 1 ? filesIn(sent.arrives).size : 0);
              }
              same(await read(join(far, 'sync')), sent.arrives);
              const fetched = expected(sent.arrives, canBeFetched);
              ends(
                await run(get, '-r', '--via', via, '--verify', '--', 'demo:far/put', back),
                fetched.isLess,
              );
              same(await read(back), fetched.arrives);
              for (const turn of [1, 2]) {
                const answer = await run(
                  sync,
                  '--via',
                  via,
                  '--',
                  'demo:far/put',
                  join(local.path, 'synced'),
                );
                ends(answer, fetched.isLess);
                expect(moved(answer)).toBe(turn === 1 ? filesIn(fetched.arrives).size : 0);
              }
              same(await read(join(local.path, 'synced')), fetched.arrives);
              await deletes({ near, far, sent: sent.arrives, isLess: sent.isLess, others });
              await removes(far);
            } finally {
              await rm(far, { recursive: true, force: true });
            }
          },
        ),
        {
          ...replay,
          numRuns: runs,
          interruptAfterTimeLimit: 400_000,
          endOnFailure: process.env['BAI_TEST_SHRINK'] === undefined,
        },
      );
    });

    interface Deletion {
      readonly near: string;
      readonly far: string;
      readonly sent: ReadonlyMap<string, Buffer>;
      readonly isLess: boolean;
      readonly others: readonly OneFile[];
    }

    async function deletes({ near, far, sent, isLess, others }: Deletion): Promise<void> {
      const folder = join(far, 'sync');
      const free = others.filter(
        ({ folder: above, name }) =>
          ![...sent.keys()].some((path) => path.startsWith((above ?? name).toString('latin1'))),
      );
      await make(folder, free);
      const before = await read(folder);
      const answer = await run(sync, '--delete', '--', near, 'demo:far/sync');
      const isUnknown = free.some(
        ({ folder: above, name }) =>
          !canBeSent(above ?? name) || (above !== undefined && !isLeftOut(above) && !canBeSent(name)),
      );
      ends(answer, isLess || isUnknown);
      const kept = new Map(
        [...before].filter(
          ([path]) => isLess || isUnknown || sent.has(path) || partsOf(path).some(isLeftOut),
        ),
      );
      same(filesIn(await read(folder)), filesIn(kept));
    }

    async function removes(far: string): Promise<void> {
      const all = [...filesIn(await read(far)).keys()];
      const isLess = all.some((path) => partsOf(path).some((part) => !canBeSent(part)));
      const answer = await run(remove, '-r', '--', 'demo:far');
      ends(answer, isLess);
      const left = all.filter((path) => partsOf(path).some((part) => !canBeSent(part)));
      expect([...filesIn(await read(far).catch(() => new Map())).keys()].sort()).toEqual(left.sort());
    }

    test('one file goes there and back under its name, and is removed by it', {
      timeout: 300_000,
    }, async () => {
      await fc.assert(
        fc.asyncProperty(
          textNames.filter(canBeSent),
          fc.constantFrom(0, 7, largeBytes),
          async (bytes, size) => {
            await using local = await tempFolder();
            state = join(local.path, 'state');
            tried += 1;
            const name = bytes.toString();
            const [near, there] = [join(local.path, name), join(server.home, name)];
            await writeFile(near, content(size));
            expect((await run(put, '-p', '--', near, 'demo:')).exitCode).toBe(0);
            expect((await readFile(there)).equals(content(size))).toBe(true);
            await mkdir(join(local.path, 'back'));
            const target = join(local.path, 'back', name);
            expect((await run(get, '-p', '--', `demo:./${name}`, target)).exitCode).toBe(0);
            expect((await readFile(target)).equals(content(size))).toBe(true);
            expect(moved(await run(put, '--if-exists', 'different', '--', near, 'demo:'))).toBe(0);
            expect((await run(remove, '--', `demo:./${name}`)).exitCode).toBe(0);
            await expect(stat(there)).rejects.toThrow('ENOENT');
            expect(
              (await readdir(local.path)).filter(
                (each) => each !== name && each !== 'back' && each !== 'state',
              ),
            ).toEqual([]);
          },
        ),
        {
          ...replay,
          numRuns: 3 * runs,
          interruptAfterTimeLimit: 200_000,
          endOnFailure: process.env['BAI_TEST_SHRINK'] === undefined,
        },
      );
    });
  },
);
