import { execFile } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../support/temp-folder.ts';

const script = resolve(import.meta.dirname, '../../.ci/run');

/** With a program in the place of npm, which is told what to run as `$*`. */
async function runCi(npm: string) {
  using folder = tempFolder();
  const program = join(folder.path, 'npm');
  writeFileSync(program, `#!/bin/sh\n${npm}\n`);
  chmodSync(program, 0o755);
  const env = { PATH: [folder.path, process.env['PATH']].join(delimiter), HOME: folder.path };
  return await new Promise<{ status: number; lines: string[] }>((done) => {
    execFile(script, { env }, (error, stdout) => {
      done({ status: Number(error?.code ?? 0), lines: stdout.trimEnd().split('\n') });
    });
  });
}

test('when all parts pass, the last line counts them together and the status is 0', async () => {
  const { status, lines } = await runCi('[ "$*" = "run demo" ] || echo 5 0 1 >> "$BAI_TEST_COUNTS"');
  expect([status, lines.at(-1)]).toEqual([0, '20 passed, 0 failed, 4 skipped']);
});

test('a part that fails keeps no other from running, and is named at the end with its tests', async () => {
  const { status, lines } = await runCi(`case "$*" in
    *nodes*) echo 10 2 0 >> "$BAI_TEST_COUNTS"; printf 'a > x\\nb > y y\\n' >> "$BAI_TEST_FAILED"; exit 1;;
    *genuine) echo 5 0 3 >> "$BAI_TEST_COUNTS";;
    test) exit 70;;
  esac`);
  expect(status).toBe(1);
  expect(lines.slice(lines.indexOf('=== all parts') + 1)).toEqual([
    'test ended with status 70',
    'test:nodes ended with status 1',
    '  a > x',
    '  b > y y',
    '15 passed, 3 failed, 3 skipped',
  ]);
});

test('the newest Node runs the unit tests, and only genuine managers and Windows, which are kept there, see the own HOME', async () => {
  const { lines } = await runCi('echo "$*|$([ -z "$(ls -A "$HOME")" ] && echo empty)"');
  expect(lines.filter((line) => line.includes('|'))).toEqual([
    'run demo|empty',
    'run test:nodes -- --project unit|empty',
    'run test:wine|',
    'test|empty',
    'run test:genuine|',
  ]);
});
