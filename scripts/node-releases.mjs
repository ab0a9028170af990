/** Other releases of Node for the tests: the binaries of npm's packages, kept in the user's cache and used from there alone. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from './setup.mjs';

/** The oldest that bai promises to run on, and each that is looked after or new; the last is the newest. */
export const nodeReleases = ['20.19.0', '22', '24', '26'];

const cache = process.env.BAI_TEST_NODES ?? join(homedir(), '.cache', 'bai-test', 'nodes');

/** The path of its `node`. Throws where there is no such package for this system. */
export function installNode(release) {
  const folder = join(cache, release);
  const name = `node-${process.platform}-${process.arch}`;
  const program = join(folder, 'node_modules', name, 'bin/node');
  if (existsSync(program)) return program;
  console.error(`fetching Node ${release} for the tests …`);
  mkdirSync(cache, { recursive: true });
  const scratch = mkdtempSync(join(cache, '.new-'));
  try {
    writeFileSync(join(scratch, 'package.json'), '{ "private": true }\n');
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    run('npm', ['install', ...quiet, `${name}@${release}`], { cwd: scratch, stdio: ['ignore', 'ignore', 2] });
    keep(scratch, folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  execFileSync(program, ['--version'], { stdio: 'ignore' });
  return program;
}

/** Another run may have been faster. */
function keep(scratch, folder) {
  try {
    renameSync(scratch, folder);
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  }
}
