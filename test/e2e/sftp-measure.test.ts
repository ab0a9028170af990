/** The total of a put or get, counted while it runs. */

import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TransferProgress } from '../../src/core/reporter.ts';
import { defaultTransferOptions } from '../../src/core/sftp/transfer-options.ts';
import { localMeasure, measure, remoteMeasure } from '../../src/services/sftp/sftp-measure.ts';
import { localFiles } from '../../src/transfer/local/local-files.ts';
import { sshdMissing, startSshd } from '../support/sshd.ts';
import { openFiles, recordingReporter, tempFolder } from './transfer-session.ts';

/** What `measure` tells; never, when it tells nothing. */
function counting(): { progress: TransferProgress; total: Promise<readonly [number, number]> } {
  const { promise, resolve } = settleable();
  const expectTotal = (files: number, bytes: number): void => resolve([files, bytes]);
  return { progress: { ...recordingReporter().transfer(), expect: expectTotal }, total: promise };
}

function settleable() {
  let settle: (total: readonly [number, number]) => void = () => {};
  const promise = new Promise<readonly [number, number]>((resolve) => {
    settle = resolve;
  });
  return { promise, resolve: (total: readonly [number, number]) => settle(total) };
}

test('files of all sources are counted, links followed, what is left out not', async () => {
  await using local = await tempFolder();
  await mkdir(join(local.path, 'tree', 'sub'), { recursive: true });
  for (const name of ['tree/a', 'tree/sub/b', 'tree/c.log', 'd'])
    await writeFile(join(local.path, name), '12345');
  await symlink('../d', join(local.path, 'tree', 'link'));
  await symlink('nowhere', join(local.path, 'tree', 'dangling'));
  const options = { ...defaultTransferOptions, accepts: (path: string) => !path.endsWith('.log') };
  const sources = ['tree', 'd', 'none'].map((name) => join(local.path, name));
  const { progress, total } = counting();
  using _measuring = measure({ sources, recursive: true, options }, localMeasure(localFiles), progress);
  expect(await total).toEqual([4, 20]);
});

test.skipIf(sshdMissing !== undefined)(
  'files of the session are counted, links and unfinished parts not',
  async () => {
    await using server = await startSshd();
    await using files = await openFiles(server);
    await mkdir(join(server.home, 'tree', 'sub'), { recursive: true });
    for (const name of ['tree/a', 'tree/sub/b', 'tree/sub/.b.bai-part', 'd'])
      await writeFile(join(server.home, name), '12345');
    await symlink('../d', join(server.home, 'tree', 'link'));
    const { progress, total } = counting();
    const measured = { sources: ['tree', 'd'], recursive: true, options: defaultTransferOptions };
    using _measuring = measure(measured, remoteMeasure(files, false), progress);
    expect(await total).toEqual([3, 15]);
  },
);
