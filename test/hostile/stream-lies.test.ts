/** `bai sftp get x -` and `bai sftp sync --checksum` with a server that lies about sizes, bytes and checksums. */

import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import * as get from '../../src/commands/sftp/get.ts';
import * as sync from '../../src/commands/sftp/sync.ts';
import { BaiError } from '../../src/errors.ts';
import { sftpBed } from '../e2e/sftp-bed.ts';
import { tempFolder } from '../e2e/transfer-session.ts';
import { fileMode, fileText, folderMode, type Lies, named, startLiar } from './transfer-liar.ts';

const { EOF, OK } = ssh2.utils.sftp.STATUS_CODE;
const sized = (size: number) => ({ ...named('x', fileMode).attrs, size });

const brokenStreams: readonly (readonly [string, Lies])[] = [
  ['ends early', { attributes: { size: 5_000_000 } }],
  ['answers reads with nothing', { onRead: ({ sftp, id }) => sftp.data(id, Buffer.alloc(0)) }],
  ['answers reads with "done"', { onRead: ({ sftp, id }) => sftp.status(id, OK) }],
  ['has a size that no file can have', { attributes: { size: 2 ** 62 } }],
  [
    'is a folder',
    {
      onStat: ({ sftp, id }) => sftp.attrs(id, named('x', folderMode).attrs),
      attributes: { mode: folderMode },
    },
  ],
  [
    'is a pipe',
    {
      onStat: ({ sftp, id }) => sftp.attrs(id, named('x', 0o010_644).attrs),
      attributes: { mode: 0o010_644 },
    },
  ],
];

test.each(brokenStreams)('get x - of a file that %s is an error', async (_, lies) => {
  await using liar = await startLiar(lies);
  await expect(sftpBed(() => liar).run(get, 'demo:x', '-')).rejects.toBeInstanceOf(BaiError);
});

test('get x - of a file that grows prints no more than was announced', async () => {
  let reads = 0;
  await using liar = await startLiar({
    onFstat: ({ sftp, id }) => sftp.attrs(id, sized(4 + reads)),
    onStat: ({ sftp, id }) => sftp.attrs(id, sized(4 + reads)),
    onRead: ({ sftp, id }, position, length) => {
      reads += 1;
      sftp.data(id, Buffer.alloc(Math.min(length, 8), `${position % 10}`));
    },
  });
  const answer: unknown = await sftpBed(() => liar)
    .run(get, 'demo:x', '-', '--no-verify')
    .catch((error: unknown) => error);
  expect(answer).toMatchObject({ exitCode: 0, stdout: { length: 4 } });
});

test('sync --checksum fetches what the server cannot show the bytes of, and fails when it cannot be read', async () => {
  await using local = await tempFolder();
  await writeFile(join(local.path, 'a'), 'x'.repeat(fileText.length));
  await utimes(join(local.path, 'a'), 0, 0);
  const folders = { far: [{ name: 'a' }], 'far/.': [{ name: 'a' }] };
  await using unreadable = await startLiar({ folders, onRead: ({ sftp, id }) => sftp.status(id, EOF) });
  const failed = await sftpBed(() => unreadable).run(sync, '--checksum', 'demo:far', local.path);
  expect(failed).toMatchObject({ exitCode: 1, value: { failed: [{ path: expect.stringContaining('a') }] } });
  expect(await readFile(join(local.path, 'a'), 'utf8')).toBe('x'.repeat(fileText.length));
  await using liar = await startLiar({ folders });
  const answer = await sftpBed(() => liar).run(sync, '--checksum', 'demo:far', local.path);
  expect(answer).toMatchObject({ exitCode: 0, value: { files: 1 } });
  expect(await readFile(join(local.path, 'a'), 'utf8')).toBe(fileText);
});
