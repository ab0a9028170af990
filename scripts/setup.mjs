/** What `npm run demo` and `npm test` need on a fresh machine: the packages and the build. */

import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Installs when the lock file is newer than what is installed, and builds when a source has changed. Throws when a step fails. */
export async function setUp() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    throw new Error(`Node 20.19 or later is needed; this is ${process.versions.node}`);
  await withLock(join(root, 'dist/.lock-of-install'), install);
  run(process.execPath, ['scripts/build.mjs']);
}

function install() {
  if (isInstalled()) return;
  // npm empties what the link leads to, which another checkout may be using.
  if (lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink())
    throw new Error('node_modules is a link and older than package-lock.json: install where it leads to');
  console.error('installing the packages …');
  // Their install scripts only compile optional native parts, which the bundle does not use.
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
}

export function run(program, args, options = {}) {
  execFileSync(program, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32' && program === 'npm',
    ...options,
  });
}

/** What npm prints. */
export function askNpm(words) {
  return execFileSync('npm', words, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 2],
    shell: process.platform === 'win32',
  });
}

function isInstalled() {
  const marker = join(root, 'node_modules/.package-lock.json');
  return (
    existsSync(marker) &&
    statSync(marker).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs - 1000 &&
    readFileSync(marker, 'utf8').includes('"node_modules/esbuild"')
  );
}
