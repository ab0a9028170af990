/**
 * `node bench/transfer.mjs`: files into and out of a session, beside OpenSSH's tools and the Python client.
 *
 *     --quick        small sizes and two rounds: whether it works, not how fast
 *     --rounds N     3 by default
 *     --only TEXT    rows whose `job, path, round trip` holds this (a regular expression)
 *     --with LIST    of the contenders these alone, such as bai,sftp
 *     --path LIST    emulator-dropbear, emulator-sshd, genuine; the genuine manager when BACKEND_ENDPOINT is set
 *     --json FILE    every run
 *
 * BENCH_RUNNER: the folder of Backend.AI's package that has the dropbear of its sessions, for emulator-dropbear.
 * BENCH_PYTHON_CLIENT: the genuine `backend.ai`, for the manager of BACKEND_ENDPOINT. BENCH_FOLDER: where files go.
 */

import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureLink, openLine } from './transfer/lines.mjs';
import { dropbearRows, GiB, quickRows, sshdRows } from './transfer/rows.mjs';
import { runMemoryRow, runRow } from './transfer/run-row.mjs';
import { nameOf, Sources } from './transfer/sources.mjs';
import { openStand, pathNames } from './transfer/stands.mjs';
import { printRuns, printTargets, summarise } from './transfer/table.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string', default: '' },
    with: { type: 'string' },
    path: { type: 'string', default: pathNames().join(',') },
    json: { type: 'string' },
  },
});
const rounds = Number(options.rounds ?? (options.quick ? 2 : 3));
const wanted = new RegExp(options.only, 'i');

function isContender(name) {
  return options.with === undefined || options.with.split(',').includes(name);
}

function rowsOf(path) {
  const rows = options.quick ? quickRows : path === 'emulator-sshd' ? sshdRows : dropbearRows;
  return rows
    .map((row) => ({ ...row, path, contenders: row.contenders?.filter(isContender) }))
    .filter((row) => wanted.test(`${row.job}, ${path}, ${row.roundTripMs} ms`));
}

/** In memory where there is enough, so that no disk is measured. */
function chooseFolder() {
  if (process.env.BENCH_FOLDER) return process.env.BENCH_FOLDER;
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    if (Math.min(bavail * bsize, freemem()) > 12 * GiB) return '/dev/shm';
  } catch {
    // Not every system has it.
  }
  return tmpdir();
}

const linkRates = new Map();
async function linkRateOf(roundTripMs) {
  if (roundTripMs === 0) return undefined;
  if (!linkRates.has(roundTripMs)) linkRates.set(roundTripMs, await measureLink(roundTripMs));
  return linkRates.get(roundTripMs);
}

/** After every row: a bench that is ended early has said what it knows. */
function save(summaries) {
  if (options.json) writeFileSync(options.json, `${JSON.stringify(summaries, undefined, 2)}\n`);
}

async function runPath(path, folder, summaries) {
  const rows = rowsOf(path);
  if (rows.length === 0) return;
  const home = join(folder, path);
  const local = join(home, 'local');
  mkdirSync(local, { recursive: true });
  const stand = await openStand(path, home);
  const direct = await openLine(stand, 0);
  const sources = new Sources(local, direct);
  try {
    for (const roundTripMs of new Set(rows.map((row) => row.roundTripMs))) {
      const linkRate = await linkRateOf(roundTripMs);
      if (linkRate)
        process.stderr.write(`the line of ${roundTripMs} ms carries ${(linkRate / 1e6).toFixed(0)} MB/s\n`);
      const line = roundTripMs === 0 ? direct : await openLine(stand, roundTripMs);
      const place = { direct, line, local, linkRate, sources };
      for (const row of rows.filter((each) => each.roundTripMs === roundTripMs)) {
        await sources.drop([nameOf(row.source)]);
        summaries.push(
          row.isMemory ? await runMemoryRow(row, place) : summarise(await runRow(row, place, rounds)),
        );
        save(summaries);
      }
      if (line !== direct) await line.close();
    }
  } finally {
    await direct.close();
    await stand.close();
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(130);
  });
}
const folder = mkdtempSync(join(chooseFolder(), 'bai-bench-'));
const summaries = [];
try {
  for (const path of options.path.split(',')) await runPath(path, folder, summaries);
} finally {
  rmSync(folder, { recursive: true, force: true });
  printTargets(summaries);
  printRuns(summaries);
}
