/**
 * `npm run demo`: the main job, on the embedded manager or on that of BACKEND_ENDPOINT; with `-- --provider ucloud` or
 * `rescale` on that platform's emulator. Prints what a user would type, and leaves nothing behind: keys and state go into a
 * temporary home folder.
 */

import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root, setUp } from './setup.mjs';

const fileSize = 64 * 1024 * 1024;
const session = `demo-${randomBytes(3).toString('hex')}`;
const { values: options } = parseArgs({
  options: { provider: { type: 'string', default: 'backend.ai' } },
});
const { provider } = options;
const ownManager = provider !== 'backend.ai' || (!process.env.BACKEND_ENDPOINT && !process.env.BAI_ENDPOINT);
const image = process.env.BAI_DEMO_IMAGE ?? (ownManager ? 'python:3.11' : 'python');
const home = mkdtempSync(join(tmpdir(), 'bai-demo-'));
const undo = [];
let current;

/** Runs one `bai` command as a user would, in the temporary home folder. */
async function bai(...args) {
  console.log(
    `\n$ bai ${args.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ')}`,
  );
  const env = { ...process.env, HOME: home, USERPROFILE: home, BAI_HOME: join(home, 'bai'), ...chosen };
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

/** In place of what one would type once: `bai config set provider ucloud`. Nobody is there to look at a fingerprint. */
const chosen =
  provider === 'backend.ai' ? {} : { BAI_PROVIDER: provider, BAI_HOST_KEY_CHECKING: 'accept-new' };

/** From nothing to a session that lets somebody in, as each platform has it. */
const beginnings = {
  async 'backend.ai'() {
    await bai('session', 'create', image, '--name', session, '-r', 'cpu=1', '-r', 'mem=512m');
    await bai('key', 'fetch', session);
  },
  async ucloud() {
    await bai('key', 'generate', '--no-passphrase');
    await bai('key', 'upload', '.ssh/id_ed25519.pub', '--yes');
    const machine = ['--product', 'u1-small/u1-small-1', '--time', '1h'];
    await bai('session', 'create', 'terminal-ubuntu', '--name', session, ...machine);
  },
  async rescale() {
    await bai('key', 'generate', '--type', 'rsa', '--bits', '4096', '--no-passphrase');
    const machine = ['--core-type', 'emerald', '--cores', '1', '--hours', '1'];
    const access = ['--public-key', '.ssh/id_rsa.pub', '--cidr', 'everywhere'];
    await bai('session', 'create', 'user_included', '--name', session, ...machine, ...access, '--yes');
  },
};

async function mainJob() {
  const begin = beginnings[provider];
  if (begin === undefined)
    throw new Error(`there is no provider ${provider}: ${Object.keys(beginnings).join(', ')}`);
  if (ownManager) {
    undo.push(['local', 'down']);
    await bai('local', 'up');
  }
  undo.push(['session', 'terminate', session]);
  await begin();
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
