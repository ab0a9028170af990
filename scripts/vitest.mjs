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
  const failures = isWhole ? failuresOf(testResults) : [early];
  return { status: status ?? 1, passed, skipped, failures, unsteady: isWhole ? unsteadyOf(testResults) : [] };
}

function nameOf(file, { ancestorTitles, title }) {
  return [file, ...ancestorTitles, title].join(' > ');
}

/** With BAI_TEST_RETRIES: what failed, and passed when it was tried again. */
function unsteadyOf(testResults) {
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status, failureMessages }) => status === 'passed' && failureMessages.length > 0)
      .map((test) => `${nameOf(relative(root, name), test)}\n    ${firstLine(test)}`),
  );
}

function firstLine({ failureMessages: [message] }) {
  return message.split('\n', 1)[0];
}

/** A file that could not be loaded counts as one test. */
function failuresOf(testResults) {
  return testResults.flatMap(({ name, status, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0 && status === 'failed') return [`${file}: could not be run`];
    return failed.map((test) => nameOf(file, test));
  });
}

/** The counts and the names go into files as well, where the environment names them: for whoever runs several such commands. */
export function report({ status, passed, skipped, failures, unsteady }) {
  const failed = failures.length;
  const {
    BAI_TEST_COUNTS: countsFile,
    BAI_TEST_FAILED: failedFile,
    BAI_TEST_UNSTEADY: unsteadyFile,
  } = process.env;
  if (countsFile) appendFileSync(countsFile, `${passed} ${failed} ${skipped}\n`);
  if (failedFile && failures.length > 0) appendFileSync(failedFile, `${failures.join('\n')}\n`);
  if (unsteadyFile && unsteady.length > 0) appendFileSync(unsteadyFile, `${unsteady.join('\n')}\n`);
  for (const each of unsteady) console.log(`passed at the second attempt only: ${each}`);
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (status !== 0) process.exitCode = status;
}
