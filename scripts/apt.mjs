/** apt-get, which gives up at once when another program uses it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** As long as a machine that has just started may update itself. */
const longestMs = 15 * 60_000;

/**
 * Runs it and waits while another program holds one of its locks, and says so. Rejects with what it printed when it fails for
 * another reason, or when the lock is held for fifteen minutes.
 */
export async function aptGet(words) {
  const deadline = Date.now() + longestMs;
  for (let hasSaid = false; ; hasSaid = true) {
    const { status, stderr } = await runOnce(words);
    if (status === 0) return;
    // Its own timeout is for dpkg's lock alone, and the status is the same for every failure.
    const holder = /(?:Could not get|Unable to (?:acquire|lock)).*\block\b.*/i.exec(stderr)?.[0];
    if (holder === undefined || Date.now() > deadline)
      throw new Error(`apt-get ${words[0]} ended with ${status}: ${stderr.trim()}`);
    if (!hasSaid) console.error(`waiting for apt-get, for 15 minutes at most: ${holder}`);
    await delay(1_000);
  }
}

async function runOnce(words) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1', LC_ALL: 'C' };
  const args = ['-o', 'DPkg::Lock::Timeout=2', ...words];
  const child = spawn('apt-get', args, { stdio: ['ignore', 'ignore', 'pipe'], env });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const [status, signal] = await once(child, 'close');
  return { status: status ?? signal, stderr };
}
