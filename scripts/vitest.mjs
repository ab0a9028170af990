/** Runs vitest and counts: the closing line of every test command. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { root } from './setup.mjs';

/**
 * Counts, and vitest's own exit status (a file that could not be loaded fails no test but the run). With another `node`, all
 * that the tests start runs on that one too.
 */
export function runTests(extra, environment = {}, node = process.execPath) {
  const folder = mkdtempSync(join(tmpdir(), 'bai-report-'));
  const output = join(folder, 'report.json');
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${output}`,
    ...extra,
  ];
  const env = { ...process.env, BAI_TEST_BUILT: '1', ...environment };
  if (node !== process.execPath) env.PATH = [dirname(node), env.PATH].join(delimiter);
  const { status, signal } = spawnSync(node, args, { cwd: root, stdio: 'inherit', env });
  if (!existsSync(output))
    console.error(`the tests did not come to their end (${signal ?? `status ${status}`})`);
  const counts = existsSync(output) ? JSON.parse(readFileSync(output, 'utf8')) : {};
  rmSync(folder, { recursive: true, force: true });
  const { numPassedTests: passed = 0, numFailedTests: failed = 0, numPendingTests: skipped = 0 } = counts;
  return { status: status ?? 1, passed, failed, skipped };
}

export function report({ status, passed, failed, skipped }) {
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (status !== 0) process.exitCode = status;
}
