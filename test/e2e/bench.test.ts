/** The benchmark of transfers works: what it measures is for people to judge, on a machine that does nothing else. */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { sshdMissing } from '../support/sshd.ts';
import { tempFolder } from '../support/temp-folder.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

test.skipIf(sshdMissing !== undefined)('every row of the quick benchmark moves whole files', async () => {
  using folder = tempFolder();
  const report = join(folder.path, 'report.json');
  const { PATH = '' } = process.env;
  const { stdout } = await run(
    process.execPath,
    ['bench/transfer.mjs', '--quick', '--rounds', '1', '--path', 'emulator-sshd', '--json', report],
    { cwd: root, env: { PATH, HOME: folder.path, BENCH_FOLDER: folder.path } },
  );
  const rows: Row[] = JSON.parse(await readFile(report, 'utf8'));
  const runs = rows.flatMap(({ job, contenders = [] }) =>
    contenders.map(({ name, whole, problems }) => ({ job, name, whole, problems })),
  );
  expect(runs.filter(({ whole }) => whole !== 1)).toEqual([]);
  expect(new Set(runs.map(({ name }) => name))).toContain('sftp');
  expect(rows.filter(({ peak }) => peak !== undefined && peak > 0)).toHaveLength(2);
  expect(stdout).toContain('### Targets');
});

interface Row {
  readonly job: string;
  readonly peak?: number;
  readonly contenders?: readonly {
    readonly name: string;
    readonly whole: number;
    readonly problems: readonly string[];
  }[];
}
