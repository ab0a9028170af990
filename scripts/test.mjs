/**
 * `npm test`: sets up, checks types, style and promises, then runs every test. Arguments go to vitest
 * (`npm test -- --project unit`). Programs that are not on this machine only skip the tests that need them.
 */

import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { root, run, setUp } from './setup.mjs';

const programs = {
  ssh: 'openssh-client',
  sshd: 'openssh-server',
  dropbear: 'dropbear-bin',
  rsync: 'rsync',
  tmux: 'tmux',
  strace: 'strace',
  openssl: 'openssl',
};

function isOnPath(program) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function check() {
  run(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit']);
  run(process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.']);
  run(process.execPath, ['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings', 'src', 'test']);
}

function test(extra) {
  const folder = mkdtempSync(join(tmpdir(), 'bai-report-'));
  const report = join(folder, 'report.json');
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...extra,
  ];
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, BAI_TEST_BUILT: '1' },
  });
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
  rmSync(folder, { recursive: true, force: true });
  return { status: status ?? 1, passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests };
}

setUp();
const missing = Object.keys(programs).filter((program) => !isOnPath(program));
if (missing.length > 0) {
  console.error(
    `not on this machine: ${missing.join(', ')}; tests that need them are skipped (Debian: apt-get install ${missing.map((program) => programs[program]).join(' ')})`,
  );
}
check();
const { status, passed, failed, skipped } = test(process.argv.slice(2));
if (missing.length > 0) console.log(`skipped for lack of: ${missing.join(', ')}`);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = status;
