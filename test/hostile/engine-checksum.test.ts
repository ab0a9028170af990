/** A server that keeps other bytes than it was sent. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { defaultTransferOptions } from '../../src/core/sftp/transfer-options.ts';
import { openFiles, tempFolder, tree, watch } from '../e2e/transfer-session.ts';
import { fileText, type Request, startLiar } from './transfer-liar.ts';

const options = { ...defaultTransferOptions, verify: 'always' } as const;

test('a put whose bytes are others when they are read back gets no name', async () => {
  await using local = await tempFolder();
  const renamed: string[] = [];
  await using liar = await startLiar({
    onStat: noSuchFile,
    onRename: ({ sftp, id }, _, to) => {
      renamed.push(to);
      sftp.status(id, ssh2.utils.sftp.STATUS_CODE.OK);
    },
  });
  await using files = await openFiles(liar);
  await writeFile(join(local.path, 'x'), fileText.replace('f', 'g'));
  const put = files.put(
    { sources: [join(local.path, 'x')], target: 'x', recursive: false, options },
    watch(),
  );
  await expect(put).rejects.toMatchObject({ code: 'checksum-differs' });
  expect(renamed).toEqual([]);
  expect(liar.changed).toEqual(['.x.bai-part']);
});

test('a get whose bytes are others the second time leaves nothing here', async () => {
  await using local = await tempFolder();
  let reads = 0;
  await using liar = await startLiar({
    onRead: ({ sftp, id }) => {
      reads += 1;
      sftp.data(id, Buffer.from(reads === 1 ? fileText : fileText.toUpperCase()));
    },
  });
  await using files = await openFiles(liar);
  const target = join(local.path, 'x');
  const get = files.get({ sources: ['x'], target, recursive: false, options }, watch());
  await expect(get).rejects.toMatchObject({ code: 'checksum-differs' });
  expect(await tree(local.path)).toEqual([]);
});

function noSuchFile({ sftp, id }: Request): void {
  sftp.status(id, ssh2.utils.sftp.STATUS_CODE.NO_SUCH_FILE);
}
