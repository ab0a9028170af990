/**
 * `npm run demo`: the main job, on the embedded manager or on that of BACKEND_ENDPOINT. Prints what a user
 * would type, and leaves nothing behind: keys and state go into a temporary home folder.
 */

import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, setUp } from './setup.mjs';

const fileSize = 64 * 1024 * 1024;
const session = `demo-${randomBytes(3).toString('hex')}`;
const ownManager = !process.env.BACKEND_ENDPOINT && !process.env.BAI_ENDPOINT;
const image = process.env.BAI_DEMO_IMAGE ?? (ownManager ? 'python:3.11' : 'python');
const home = mkdtempSync(join(tmpdir(), 'bai-demo-'));
const undo = [];
let current;

/** Runs one `bai` command as a user would, in the temporary home folder. */
async function bai(...args) {
  console.log(
    `\n$ bai ${args.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ')}`,
  );
  const env = { ...process.env, HOME: home, USERPROFILE: home, BAI_HOME: join(home, 'bai') };
  current = spawn(process.execPath, [join(root, 'bin/bai.cjs'), ...args], {
    env,
    cwd: home,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code, signal] = await once(current, 'close');
  current = undefined;
  if (code !== 0) throw new Error(`bai ${args[0]} ${args[1]} ended with ${signal ?? code}`);
}

function makeFile(path) {
  const file = openSync(path, 'w');
  for (let written = 0; written < fileSize; written += 1 << 20) writeSync(file, randomBytes(1 << 20));
  closeSync(file);
}

const checksum = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

async function mainJob() {
  if (ownManager) {
    undo.push(['local', 'down']);
    await bai('local', 'up');
  }
  undo.push(['session', 'terminate', session]);
  await bai('session', 'create', image, '--name', session, '-r', 'cpu=1', '-r', 'mem=512m');
  await bai('key', 'fetch', session);
  await bai('app', 'ssh', session, '--', 'echo "hello from $(whoami)"');
  makeFile(join(home, 'data.bin'));
  await bai('sftp', 'put', 'data.bin', `${session}:`);
  await bai('sftp', 'get', `${session}:data.bin`, 'back.bin');
  const [sent, received] = [checksum(join(home, 'data.bin')), checksum(join(home, 'back.bin'))];
  console.log(`\nsha256 sent     ${sent}\nsha256 received ${received}`);
  if (sent !== received) throw new Error('the checksums differ');
}

async function cleanUp() {
  for (const args of undo.splice(0).reverse())
    await bai(...args).catch((error) => console.error(error.message));
  rmSync(home, { recursive: true, force: true });
}

process.once('SIGINT', () => current?.kill('SIGINT'));
process.once('SIGTERM', () => current?.kill('SIGTERM'));

try {
  await setUp();
  const startedAt = performance.now();
  await mainJob();
  await cleanUp();
  console.log(
    `\nThe demo is done, in ${((performance.now() - startedAt) / 1000).toFixed(1)} s after the set-up, and has cleaned up.`,
  );
} catch (error) {
  console.error(`\nThe demo failed: ${error.message}`);
  process.exitCode = 1;
} finally {
  await cleanUp();
}
