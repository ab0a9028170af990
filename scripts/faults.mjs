/**
 * `npm run test:faults`: transfers that are broken off in every way, and what is left of them. The same seed gives the
 * same cases; `--seed N --case K` runs one of them again.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installPrograms } from './programs.mjs';
import { root, setUp } from './setup.mjs';

const usage = `npm run test:faults -- [--seed N] [--count N] [--case K] [--workers N] [--minutes N] [--no-huge]

  --seed N      the run to make again (BAI_FAULTS_SEED; a new one unless given)
  --count N     how many cases (BAI_FAULTS_COUNT; 1000)
  --case K      this one case only
  --from K      the first case, where an earlier run was stopped
  --workers N   how many at a time (3)
  --minutes N   start no further case after that (60)
  --no-huge     none over 4 GiB`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: process.env.BAI_FAULTS_SEED ?? String(Date.now() % 1_000_000) },
    count: { type: 'string', default: process.env.BAI_FAULTS_COUNT ?? '1000' },
    case: { type: 'string' },
    from: { type: 'string', default: '0' },
    workers: { type: 'string', default: '3' },
    minutes: { type: 'string', default: '60' },
    'no-huge': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const seed = Number(values.seed);
const only = values.case === undefined ? undefined : Number(values.case);
const count = Number(values.count);
if (values.help || ![seed, count, only ?? 0, Number(values.workers)].every(Number.isSafeInteger)) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}

await setUp();
await installPrograms();
const folder = mkdtempSync(join(tmpdir(), 'bai-faults-programs-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
// Not before the packages are installed.
const { build } = await import('esbuild');
await build({
  absWorkingDir: root,
  entryPoints: ['test/faults/worker.ts', 'test/faults/manager-process.ts'],
  outdir: folder,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  external: ['*.node', 'cpu-features', 'bufferutil', 'utf-8-validate'],
  logLevel: 'error',
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); const __dirname = import.meta.dirname; const __filename = import.meta.filename;",
  },
});

const { bavail, bsize } = statfsSync(tmpdir());
const hasRoom = bavail * bsize > 30 * 1024 ** 3;
const withHuge = !values['no-huge'] && hasRoom;
if (!values['no-huge'] && !hasRoom)
  console.error(`no cases over 4 GiB: ${tmpdir()} has less than 30 GiB free`);
const indexes =
  only === undefined
    ? Array.from({ length: count - Number(values.from) }, (_, step) => Number(values.from) + step)
    : [only];
const workers = Math.min(Number(values.workers), indexes.length);
const startedAt = Date.now();
const results = [];
const broken = [];
let next = 0;
console.log(`seed ${seed}: ${indexes.length} cases, ${workers} at a time`);

await Promise.all(Array.from({ length: workers }, runWorker));
report();

/** In a mount namespace of its own where that is allowed, so that its small disk goes with it. */
function startWorker() {
  const program = [process.execPath, join(folder, 'worker.mjs'), root, join(folder, 'manager-process.mjs')];
  const isRoot = process.getuid?.() === 0;
  const args = isRoot ? ['unshare', '--mount', '--propagation', 'private', ...program] : program;
  return spawn(args[0], args.slice(1), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

function runWorker() {
  return new Promise((resolve, reject) => {
    const worker = startWorker();
    let isOver = false;
    const give = () => {
      const isLate = Date.now() - startedAt > Number(values.minutes) * 60_000;
      if (next >= indexes.length || isLate) {
        isOver = true;
        worker.disconnect();
      } else worker.send({ seed, index: indexes[next++], withHuge });
    };
    worker.on('message', (message) => {
      if (message.result !== undefined) note(message.result);
      if (message.broken !== undefined) broken.push(message);
      give();
    });
    worker.once('exit', (code) => (isOver ? resolve() : reject(new Error(`a worker ended with ${code}`))));
  });
}

function note(result) {
  results.push(result);
  const { fault, wrongs, endings, litter, seconds } = result;
  if (only !== undefined) console.log(JSON.stringify(result, null, 2));
  else if (wrongs.length > 0 || seconds > 60) {
    console.log(
      `case ${fault.index} (${seconds.toFixed(1)} s): ${wrongs.join(', ') || 'slow'}: ${JSON.stringify({ fault, endings, litter })}`,
    );
  }
  if (results.length % 100 === 0) console.log(`${results.length} cases in ${elapsed()}`);
}

function elapsed() {
  return `${Math.round((Date.now() - startedAt) / 1000)} s`;
}

function report() {
  const run = results.filter(({ skipped }) => skipped === undefined);
  const rows = new Map();
  for (const result of run) {
    const { kind, direction } = result.fault;
    const row = rows.get(`${kind} ${direction}`) ?? [];
    rows.set(`${kind} ${direction}`, [...row, result]);
  }
  console.table(
    Object.fromEntries(
      [...[...rows].sort(([one], [other]) => (one < other ? -1 : 1)), ['all', run]].map(([name, group]) => [
        name,
        tableRow(group),
      ]),
    ),
  );
  for (const { index, broken: why } of broken) console.log(`case ${index} could not be run: ${why}`);
  for (const why of new Set(results.flatMap(({ skipped }) => skipped ?? []))) {
    const left = results.filter(({ skipped }) => skipped === why);
    console.log(
      `${left.length} cases (${[...new Set(left.map(({ fault }) => fault.kind))].join(', ')}) left out: ${why}`,
    );
  }
  for (const { fault } of run.filter(({ wrongs }) => wrongs.length > 0)) {
    console.log(
      `again: npm run test:faults -- --seed ${seed} --case ${fault.index}${withHuge ? '' : ' --no-huge'}`,
    );
  }
  const left = indexes.length - results.length - broken.length;
  const wrong = run.filter(({ wrongs }) => wrongs.length > 0).length;
  console.log(
    `seed ${seed}: ${run.length} cases in ${elapsed()}, ${wrong} wrong, ${broken.length} broken, ${left} not started`,
  );
  if (wrong + broken.length + left > 0) process.exitCode = 1;
}

function tableRow(group) {
  const having = (wrong) => group.filter(({ wrongs }) => wrongs.includes(wrong)).length;
  const sum = (name) => group.reduce((total, result) => total + result[name], 0);
  return {
    cases: group.length,
    struck: group.filter(({ hasStruck }) => hasStruck).length,
    'runs failed': group.reduce((total, { endings }) => total + endings.length - 1, 0),
    'gone on': sum('resumed'),
    reconnected: sum('retries'),
    corrupt: having('corrupt'),
    'not whole': having('not whole'),
    'not resumed': having('not resumed'),
    unnamed: having('unnamed failure'),
    seconds: Math.round(sum('seconds')),
    litter: group.filter(({ litter }) => litter.length > 0).length,
  };
}
