/**
 * `npm run bench:slow-reader`: does every byte of a large file arrive at a reader that stalls again and again? Through
 * `bai ssh S -- cat`, into a pipe and into a file, and through a `-L` forward, each run with a bai of its own.
 *
 *     --runs N       of each way on each server, 10 by default
 *     --size MIB     256 by default
 *     --path LIST    emulator-dropbear (the dropbear of Backend.AI's sessions), emulator-debian-dropbear, emulator-sshd,
 *                    genuine (the manager of BACKEND_ENDPOINT)
 *     --way LIST     pipe, file, forward; the genuine manager's sessions have nothing to forward to
 *
 * Ends with 1 when a run lost, changed or added a byte.
 */

import { spawn } from 'node:child_process';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, createReadStream, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as after } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import getPort from 'get-port';
import { median, printTable } from './measure.mjs';
import { launcher } from './transfer/contenders.mjs';
import { openStand } from './transfer/stands.mjs';

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '10' },
    size: { type: 'string', default: '256' },
    path: { type: 'string', default: 'emulator-dropbear,emulator-debian-dropbear,emulator-sshd' },
    way: { type: 'string', default: 'pipe,file,forward' },
  },
});
const mebibyte = 1024 * 1024;
const size = Number(options.size) * mebibyte;
const runs = Number(options.runs);
/** Long enough for every window and buffer on the way to run full. */
const stallMs = [300, 700];
const stallsPerRun = 4;
const longestRunMs = 300_000;

const scratch = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), 'bai-slow-reader-'));
const source = join(scratch, 'data');

function writeSource() {
  const file = openSync(source, 'w');
  const hash = createHash('sha256');
  for (let left = size; left > 0; left -= mebibyte) {
    const block = randomBytes(Math.min(left, mebibyte));
    hash.update(block);
    writeSync(file, block);
  }
  closeSync(file);
  return hash.digest('hex');
}

async function sumOf(stream) {
  const hash = createHash('sha256');
  await pipeline(stream, hash);
  return hash.digest('hex');
}

/** Reads to the end, and stops reading for a while at places that differ from run to run. */
async function readHaltingly(stream) {
  const hash = createHash('sha256');
  const stalls = Array.from({ length: stallsPerRun }, () => randomInt(size)).sort((a, b) => a - b);
  let read = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    read += chunk.length;
    if (read < (stalls[0] ?? Number.POSITIVE_INFINITY)) continue;
    stalls.shift();
    await after(randomInt(...stallMs));
  }
  return hash.digest('hex');
}

function startSsh(stand, words, stdio) {
  const args = [launcher, 'ssh', stand.session, '--client', 'builtin', '--', ...words];
  return spawn(process.execPath, args, { env: stand.env, stdio, timeout: longestRunMs });
}

async function endOf(child) {
  const [status, signal] = await once(child, 'exit');
  return status ?? signal;
}

const ways = {
  async pipe(stand) {
    const child = startSsh(stand, [`cat ${stand.folder}/data`], ['ignore', 'pipe', 'inherit']);
    const [sum, status] = await Promise.all([readHaltingly(child.stdout), endOf(child)]);
    return { sum, status };
  },

  async file(stand) {
    const target = join(scratch, 'copy');
    const file = openSync(target, 'w');
    const status = await endOf(startSsh(stand, [`cat ${stand.folder}/data`], ['ignore', file, 'inherit']));
    closeSync(file);
    return { sum: await sumOf(createReadStream(target)), status };
  },

  async forward(stand) {
    const server = createServer((socket) => {
      pipeline(createReadStream(source), socket).catch(() => {});
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const port = await getPort({ host: '127.0.0.1' });
    const words = ['-L', `${port}:127.0.0.1:${server.address().port}`, 'echo ready; cat'];
    const child = startSsh(stand, words, ['pipe', 'pipe', 'inherit']);
    const ended = endOf(child);
    await Promise.race([once(child.stdout, 'data'), ended]);
    const sum = await readHaltingly(connect(port, '127.0.0.1'));
    child.stdin.end();
    const status = await ended;
    server.close();
    return { sum, status };
  },
};

async function runOnce(way, stand, whole) {
  const startedAt = performance.now();
  const outcome = await ways[way](stand).catch((error) => ({ status: String(error) }));
  const seconds = (performance.now() - startedAt) / 1000;
  return { isWhole: outcome.sum === whole && outcome.status === 0, status: outcome.status, seconds };
}

/** The ways in turn, so that what is done can be read at any time. */
async function tryPath(path, whole) {
  const home = join(scratch, path);
  mkdirSync(home);
  const stand = await openStand(path, home);
  const put = startSsh(stand, [`cat > ${stand.folder}/data`], ['pipe', 'inherit', 'inherit']);
  const [status] = await Promise.all([endOf(put), pipeline(createReadStream(source), put.stdin)]);
  if (status !== 0) throw new Error(`the file did not get into the session: ${status}`);
  const names = options.way.split(',').filter((way) => path !== 'genuine' || way !== 'forward');
  const results = new Map(names.map((way) => [way, []]));
  for (let run = 1; run <= runs; run += 1) {
    for (const [way, list] of results) {
      const result = await runOnce(way, stand, whole);
      list.push(result);
      const count = list.filter(({ isWhole }) => isWhole).length;
      const problem = result.isWhole ? '' : `: run ${run} was not whole, status ${result.status}`;
      process.stderr.write(
        `${path}, ${way}: ${count} of ${run} whole, ${result.seconds.toFixed(1)} s${problem}\n`,
      );
    }
  }
  await stand.close();
  return [...results].map(([way, list]) => ({ path, way, list }));
}

try {
  const whole = writeSource();
  const rows = [];
  for (const path of options.path.split(',')) rows.push(...(await tryPath(path, whole)));
  printTable(
    `${options.size} MiB at a reader that stalls ${stallsPerRun} times`,
    ['server', 'way', 'whole', 'median s'],
    rows.map(({ path, way, list }) => [
      path,
      way,
      `${list.filter(({ isWhole }) => isWhole).length} of ${list.length}`,
      median(list.map(({ seconds }) => seconds)).toFixed(1),
    ]),
  );
  if (rows.some(({ list }) => list.some(({ isWhole }) => !isWhole))) process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
