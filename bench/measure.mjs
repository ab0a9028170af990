/** Timings as ratios of runs in turn: a machine that is busy for a while slows both sides alike. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Wall time of one whole process, in milliseconds. Rejects unless it ends with 0. Never blocks this process: the
 * embedded manager may be running in it.
 */
export async function timeProcess([program, ...args], options = {}) {
  const startedAt = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 60_000, ...options });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [status, signal] = await once(child, 'exit');
  const ms = performance.now() - startedAt;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status ?? signal}: ${stderr}`);
  return ms;
}

/** A B A B …, one warm-up pair; medians, and the median of the ratios and differences pair by pair. */
export async function pairs(runs, a, b) {
  await a();
  await b();
  const times = [];
  for (let run = 0; run < runs; run += 1) times.push([await a(), await b()]);
  return {
    a: median(times.map(([left]) => left)),
    b: median(times.map(([, right]) => right)),
    ratio: median(times.map(([left, right]) => left / right)),
    difference: median(times.map(([left, right]) => left - right)),
  };
}

/** A B C A B C …, one warm-up round; the times of each by name, with nothing for a run that failed. */
export async function inTurn(rounds, contenders) {
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, time] of Object.entries(contenders)) {
      const ms = await time().catch((error) => void process.stderr.write(`${error.message}\n`));
      if (round >= 0) times[name].push(ms);
    }
  }
  return times;
}

export function printTable(title, columns, rows) {
  console.log(`\n${title}\n`);
  console.log(`| ${columns.join(' | ')} |`);
  console.log(`| ${columns.map(() => '---').join(' | ')} |`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}
