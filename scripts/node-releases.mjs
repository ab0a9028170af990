/** Other releases of Node for the tests: the binaries of npm's packages, kept in the user's cache and used from there alone. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run } from './setup.mjs';

/** The oldest that bai promises to run on, and each that is looked after or new; the last is the newest. */
export const nodeReleases = ['20.19.0', '22', '24', '26'];

const cache = process.env.BAI_TEST_NODES ?? join(homedir(), '.cache', 'bai-test', 'nodes');

const here = { platform: process.platform, arch: process.arch };

/** Of the releases that are put into single executables, which no test runs on. */
export const foreignCache = `${cache}-of-systems`;

/** The path of its `node`. Throws where there is no such package for the system; that of another one is not tried out. */
export function installNode(release, { platform, arch } = here, place = cache) {
  const isHere = platform === here.platform && arch === here.arch;
  const isWindows = platform === 'win32';
  const name = `node-${isWindows ? 'win' : platform}-${arch}`;
  const folder = join(place, isHere ? release : `${release}-${platform}-${arch}`);
  const program = join(folder, 'node_modules', name, isWindows ? 'bin/node.exe' : 'bin/node');
  if (existsSync(program)) return program;
  console.error(`fetching Node ${release} for ${platform} …`);
  mkdirSync(place, { recursive: true });
  const scratch = mkdtempSync(join(place, '.new-'));
  try {
    writeFileSync(join(scratch, 'package.json'), '{ "private": true }\n');
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    // Another system's is refused, unless it is asked for by force.
    const system = isHere ? [] : ['--force'];
    run('npm', ['install', ...quiet, ...system, `${name}@${release}`], {
      cwd: scratch,
      stdio: ['ignore', 'ignore', 2],
    });
    keep(scratch, folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  if (isHere) execFileSync(program, ['--version'], { stdio: 'ignore' });
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
