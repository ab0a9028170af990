/** Puts into a server that lies about what it was given, and into folders that somebody else changes. */

import { readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { mkdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultTransferOptions } from '../../src/core/sftp/transfer-options.ts';
import { BaiError } from '../../src/errors.ts';
import { content, type OpenOptions, openFiles, tempFolder, tree, watch } from '../e2e/transfer-session.ts';
import { sshdMissing, startSshd, type TestSshd } from '../support/sshd.ts';
import {
  fileMode,
  folderMode,
  type Lies,
  linkMode,
  named,
  type Request,
  startLiar,
} from './transfer-liar.ts';

const { OK, NO_SUCH_FILE, FAILURE } = ssh2.utils.sftp.STATUS_CODE;
const smallBytes = 600_000;
const largeBytes = 6_000_000;
const sizes = [5, smallBytes, largeBytes];

interface Outcome {
  readonly error: unknown;
  /** What the server was told to change or to open for writing. */
  readonly touched: readonly string[];
}

/** One put of so many bytes to `x`, as the server saw it. */
async function put(lies: Lies, size: number, options: OpenOptions = {}): Promise<Outcome> {
  await using local = await tempFolder();
  await using liar = await startLiar(lies);
  await using files = await openFiles(liar, options);
  await writeFile(join(local.path, 'x'), content(size));
  const error = await files.put(job(join(local.path, 'x'), 'x'), watch()).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { error, touched: [...new Set([...liar.opened, ...liar.changed])].sort() };
}

function job(source: string, target: string) {
  return { sources: [source], target, recursive: false, options: { ...defaultTransferOptions } };
}

const missing = ({ sftp, id }: Request): void => sftp.status(id, NO_SUCH_FILE);
const sized = (size: number) => ({ ...named('x', fileMode).attrs, size });

/** Nothing is there but the part, which is as long as it has to be. */
const newTarget =
  (size: number) =>
  (request: Request, path: string): void => {
    if (path.endsWith('.bai-part')) request.sftp.attrs(request.id, sized(size));
    else missing(request);
  };

const strangeAcks: readonly (readonly [string, (request: Request) => void])[] = [
  ['data', ({ sftp, id }) => sftp.data(id, Buffer.from('x'))],
  ['a handle', ({ sftp, id }) => sftp.handle(id, Buffer.from('0'))],
  ['names', ({ sftp, id }) => sftp.name(id, [named('x', fileMode)])],
  ['attributes', ({ sftp, id }) => sftp.attrs(id, sized(smallBytes))],
];

test('a write that fails after the size was told is what is told of a full disk', async () => {
  let late: Request | undefined;
  const { error } = await put(
    {
      onStat: missing,
      onWrite: (request) => {
        late = request;
      },
      onFstat({ sftp, id }) {
        sftp.attrs(id, sized(0));
        if (late !== undefined) sftp.status(late.id, FAILURE, 'no space');
      },
    },
    5,
  );
  expect(error).toMatchObject({ message: expect.stringContaining('cannot write') });
});

const refusedOpen: Lies = {
  onOpen: ({ sftp, id }) => sftp.status(id, FAILURE, 'EEXIST'),
  onStat: newTarget(5),
};
const partTaken: Lies = {
  onRename: ({ sftp, id }) => sftp.status(id, NO_SUCH_FILE),
  onStat: (request, path) =>
    path === '.' ? request.sftp.attrs(request.id, named('.', folderMode).attrs) : missing(request),
  attributes: { size: 5 },
};

test.each([
  ['makes the part anew', refusedOpen],
  ['gives the part its name', partTaken],
])('a put of the same file that %s at the same time is named as that', async (_what, lies) => {
  const { error } = await put(lies, 5);
  expect(error).toMatchObject({ code: 'part-replaced', hint: expect.stringContaining('one transfer') });
});

test('a part of another transfer that is gone a moment later is no failure', async () => {
  let asked = 0;
  const lies: Lies = {
    onOpen: ({ sftp, id }) => (asked++ === 0 ? sftp.status(id, FAILURE) : sftp.handle(id, Buffer.from('0'))),
    onStat: missing,
    attributes: { size: 5 },
  };
  expect((await put(lies, 5)).error).toBeUndefined();
  expect(asked).toBe(2);
});

describe.each(sizes)('a put of %i bytes', (size) => {
  test('to a server that never answers a write ends in a timeout', async () => {
    const outcome = await put({ onWrite: () => {}, onStat: missing, attributes: { size } }, size, {
      stallMs: 300,
    });
    expect(outcome).toMatchObject({ error: { code: 'stalled' }, touched: ['.x.bai-part'] });
  });

  test('to a server that answers other writes than were sent is not taken for done', async () => {
    const lies: Lies = {
      onWrite: ({ sftp, id }) => sftp.status(id + 1_000_000, OK),
      onStat: missing,
      attributes: { size },
    };
    const { error, touched } = await put(lies, size, { stallMs: 300 });
    expect(error).toBeInstanceOf(BaiError);
    expect(touched).toEqual(['.x.bai-part']);
  });

  test.each(strangeAcks)(
    'to a server that answers the rename with %s is not taken for done',
    async (_, answer) => {
      const outcome = await put({ onRename: answer, onStat: newTarget(size), attributes: { size } }, size);
      expect(outcome).toMatchObject({ error: { code: 'protocol' }, touched: ['.x.bai-part'] });
    },
  );

  test.each([
    ['shrinks', -1],
    ['grows', 1],
  ])('to a server where the file %s by itself is an error', async (_, change) => {
    let asked = 0;
    const lies: Lies = {
      onFstat: ({ sftp, id }) => sftp.attrs(id, sized(size + change * ++asked)),
      onStat: missing,
    };
    const { error, touched } = await put(lies, size);
    expect(error).toBeInstanceOf(BaiError);
    expect(touched).toEqual(['.x.bai-part']);
  });

  test('to a server that says file and folder in turns goes nowhere but to its target', async () => {
    let asked = 0;
    const inTurns = ({ sftp, id }: Request): void => {
      asked += 1;
      sftp.attrs(id, { ...named('x', asked % 2 === 0 ? fileMode : folderMode).attrs, size });
    };
    const { touched } = await put({ onStat: inTurns, onFstat: inTurns }, size);
    for (const path of touched) expect(path).toMatch(/^(?:x|\.x\.bai-part|x\/x|x\/\.x\.bai-part)$/);
  });

  test.each(['', '../../etc', 'a\nb'])(
    'through a link that the server says leads to "%s" touches only that place',
    async (place) => {
      const { error, touched } = await put(
        {
          onStat: ({ sftp, id }) => sftp.attrs(id, sized(1)),
          onLstat: ({ sftp, id }) => sftp.attrs(id, named('x', linkMode).attrs),
          onRealpath: ({ sftp, id }) => sftp.name(id, [named(place, fileMode)]),
          attributes: { size: 1 },
        },
        size,
      );
      expect(error).toBeInstanceOf(BaiError);
      const part = `${place.slice(0, place.lastIndexOf('/') + 1)}.${place.slice(place.lastIndexOf('/') + 1)}.bai-part`;
      expect(touched).toEqual(place === '' ? [] : [part]);
    },
  );
});

test('a server that has one handle for two files is found out by --verify', async () => {
  await using local = await tempFolder();
  let stored: Buffer = Buffer.alloc(0);
  await using liar = await startLiar({
    folders: { box: [] },
    attributes: { size: 5 },
    onOpen: ({ sftp, id }) => sftp.handle(id, Buffer.from('0')),
    onWrite: ({ sftp, id }, data) => {
      stored = Buffer.from(data);
      sftp.status(id, OK);
    },
    onRead: ({ sftp, id }, position, length) => sftp.data(id, stored.subarray(position, position + length)),
  });
  for (const name of ['a', 'b']) await writeFile(join(local.path, name), `five${name}`);
  await using files = await openFiles(liar);
  const summary = await files.put(
    {
      sources: [`${local.path}/.`],
      target: 'box',
      recursive: true,
      options: { ...defaultTransferOptions, verify: 'always' },
    },
    watch(),
  );
  expect(summary.failed.map(({ code }) => code)).toContain('checksum-differs');
  expect(summary.files).toBeLessThan(2);
});

const why = sshdMissing === undefined ? '' : ` (${sshdMissing})`;
describe.skipIf(sshdMissing !== undefined)(`links swapped in by others in the session${why}`, () => {
  let server: TestSshd;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** Puts 30 MB to `box/x` and calls back when some of them are there. */
  async function putWith(box: string, swap: () => void): Promise<unknown> {
    await using local = await tempFolder();
    await writeFile(join(local.path, 'x'), content(30_000_000));
    await using files = await openFiles(server);
    let isSwapped = false;
    const observer = watch((bytes) => {
      if (bytes === 0 || isSwapped) return;
      isSwapped = true;
      swap();
    });
    return await files.put(job(join(local.path, 'x'), `${box}/x`), observer).then(
      () => undefined,
      (reason: unknown) => reason,
    );
  }

  async function prepare(box: string) {
    const [folder, outside] = [join(server.home, box), join(server.home, `${box}-outside`)];
    await mkdir(folder);
    await mkdir(outside);
    await writeFile(join(outside, 'x'), 'precious');
    return { folder, outside };
  }

  test('a part that becomes a link to another file: that file stays, and the put says so', async () => {
    const { folder, outside } = await prepare('part');
    const error = await putWith('part', () => {
      rmSync(join(folder, '.x.bai-part'));
      symlinkSync(join(outside, 'x'), join(folder, '.x.bai-part'));
    });
    expect(error).toMatchObject({ code: 'part-replaced' });
    expect(readFileSync(join(outside, 'x'), 'utf8')).toBe('precious');
    expect(await tree(folder)).not.toContain('x');
  });

  test('a target that becomes a link to another file: both stay, and the put says so', async () => {
    const { folder, outside } = await prepare('target');
    const error = await putWith('target', () => symlinkSync(join(outside, 'x'), join(folder, 'x')));
    expect(error).toMatchObject({ code: 'not-a-file' });
    expect(await readFile(join(outside, 'x'), 'utf8')).toBe('precious');
    expect(await readlink(join(folder, 'x'))).toBe(join(outside, 'x'));
    expect(await tree(folder)).toEqual(['x']);
  });

  test('a folder that becomes a link to another one: no file there is replaced by half of one', async () => {
    const { folder, outside } = await prepare('folder');
    const error = await putWith('folder', () => {
      renameSync(folder, `${folder}-moved`);
      symlinkSync(outside, folder);
    });
    expect(error).toBeInstanceOf(BaiError);
    expect(await readFile(join(outside, 'x'), 'utf8')).toBe('precious');
    expect(await tree(outside)).toEqual(['x']);
  });
});
