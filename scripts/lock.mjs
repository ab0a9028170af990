/** Lets test runs that share a checkout install and build one after the other. */

import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Whoever has held it for longer is gone, and another process has its number now. */
const longestMs = 15 * 60_000;

/**
 * Runs `work` while this process holds the lock file `path`, and returns what it returns. Waits for another holder and says
 * so; one that has ended is passed over.
 */
export async function withLock(path, work) {
  mkdirSync(dirname(path), { recursive: true });
  let hasSaid = false;
  while (!take(path)) {
    if (isLeftBehind(path)) {
      rmSync(path, { force: true });
      continue;
    }
    if (!hasSaid) console.error('waiting for another run, which installs or builds in this checkout …');
    hasSaid = true;
    await delay(100);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function take(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function isLeftBehind(path) {
  try {
    const ageMs = Date.now() - statSync(path).mtimeMs;
    const holder = Number(readFileSync(path, 'utf8'));
    // Made and not yet written.
    if (holder === 0) return ageMs > 5_000;
    return ageMs > longestMs || !isRunning(holder);
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
