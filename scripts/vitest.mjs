/** Runs vitest and counts: the closing line of every test command. */

import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { root } from './setup.mjs';

/** Counts, the names of what failed, and vitest's own exit status. With another `node`, all that the tests start runs on it. */
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
  const early = `the tests did not come to their end (${signal ?? `status ${status}`})`;
  const isWhole = existsSync(output);
  if (!isWhole) console.error(early);
  const counts = isWhole ? JSON.parse(readFileSync(output, 'utf8')) : {};
  rmSync(folder, { recursive: true, force: true });
  const { numPassedTests: passed = 0, numPendingTests: skipped = 0, testResults } = counts;
  return { status: status ?? 1, passed, skipped, failures: isWhole ? failuresOf(testResults) : [early] };
}

/** A file that could not be loaded counts as one test. */
function failuresOf(testResults) {
  return testResults.flatMap(({ name, status, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0 && status === 'failed') return [`${file}: could not be run`];
    return failed.map(({ ancestorTitles, title }) => [file, ...ancestorTitles, title].join(' > '));
  });
}

/** The counts and the names go into files as well, where the environment names them: for whoever runs several such commands. */
export function report({ status, passed, skipped, failures }) {
  const failed = failures.length;
  const { BAI_TEST_COUNTS: countsFile, BAI_TEST_FAILED: failedFile } = process.env;
  if (countsFile) appendFileSync(countsFile, `${passed} ${failed} ${skipped}\n`);
  if (failedFile && failures.length > 0) appendFileSync(failedFile, `${failures.join('\n')}\n`);
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (status !== 0) process.exitCode = status;
}
