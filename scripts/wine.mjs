/** Windows for the tests: Wine out of Debian's packages, a prefix of its own in the user's cache, and a genuine node.exe. */

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { aptGet } from './apt.mjs';
import { installNode } from './node-releases.mjs';

const wine = '/usr/lib/wine/wine64';
const release = '20';
const cache = process.env.BAI_TEST_WINE ?? join(homedir(), '.cache', 'bai-test', 'wine');

/** Why there is no Windows here, or nothing once there is. */
export async function installWine() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'it is for Linux on x86-64';
  try {
    if (!existsSync(wine)) await installPackage();
    installNode(release, { platform: 'win32', arch: 'x64' });
    makePrefix();
    return undefined;
  } catch (error) {
    return error.message.split('\n')[0];
  }
}

async function installPackage() {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get'))
    throw new Error('wine is not on this machine (Debian: wine64)');
  console.error('installing wine64 …');
  await aptGet(['update', '-qq']);
  await aptGet(['install', '-y', '-qq', '--no-install-recommends', 'wine64']);
}

/** Whole or not there; another run may have been faster. */
function makePrefix() {
  if (existsSync(join(cache, 'system.reg'))) return;
  console.error('making a Windows for the tests …');
  mkdirSync(join(cache, '..'), { recursive: true });
  const scratch = mkdtempSync(`${cache}-new-`);
  try {
    execFileSync(wine, ['wineboot', '--init'], {
      env: environmentOf(scratch),
      stdio: 'ignore',
      timeout: 240_000,
    });
    // Wine says that it is Windows 7, which Node does not run on.
    const version = ['add', 'HKCU\\Software\\Wine', '/v', 'Version', '/d', 'win10', '/f'];
    execFileSync(wine, ['reg', ...version], {
      env: environmentOf(scratch),
      stdio: 'ignore',
      timeout: 60_000,
    });
    waitForServer(scratch);
    renameSync(scratch, cache);
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true });
    if (!existsSync(join(cache, 'system.reg'))) throw error;
  }
}

/** Until it has written what it knows of the prefix. */
function waitForServer(prefix) {
  execFileSync('/usr/lib/wine/wineserver64', ['--wait'], { env: environmentOf(prefix), timeout: 60_000 });
}

function environmentOf(prefix) {
  const { PATH, HOME } = process.env;
  return {
    ...{ PATH, HOME, LC_ALL: 'C.UTF-8', WINEPREFIX: prefix, WINEARCH: 'win64', WINEDEBUG: '-all' },
    // Neither a desktop nor what would be fetched from elsewhere.
    WINEDLLOVERRIDES: 'mscoree=;mshtml=;winemenubuilder.exe=',
  };
}

/** A path of this machine as Windows sees it. */
export function windowsPath(path) {
  return `Z:${path.replaceAll('/', '\\')}`;
}

/** Gives a folder the name of a share of another machine; disposal takes the name away. */
export function openShare(folder) {
  const machine = `bai-${process.pid}`;
  const place = join(cache, 'dosdevices', 'unc', machine);
  mkdirSync(place, { recursive: true });
  symlinkSync(folder, join(place, 'share'));
  return { path: `\\\\${machine}\\share`, close: () => rmSync(place, { recursive: true }) };
}

/** Runs a program of Node's on Windows; its output is this process's. */
export function startOnWindows(args) {
  const node = installNode(release, { platform: 'win32', arch: 'x64' });
  return spawn(wine, [node, ...args], { env: environmentOf(cache), stdio: ['ignore', 'inherit', 'inherit'] });
}
