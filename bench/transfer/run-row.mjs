/** One row: every contender in turn, round after round, and after each run a look at what arrived. */

import { mkdirSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { median } from '../measure.mjs';
import { contenders, launcher } from './contenders.mjs';
import { measure, output, watchMemory } from './processes.mjs';
import { nameOf, treeScript } from './sources.mjs';

/** `place`: { line, local, linkRate, sources } with a line of the row's round trip. */
export async function runRow(row, place, rounds) {
  const names = await usable(row, place);
  const runs = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) {
      const run = await runOnce(row, place, name);
      runs[name].push(run);
      process.stderr.write(progressLine(row, name, run));
    }
  }
  return { row, runs, linkRate: place.linkRate, load: loadavg()[0] };
}

async function usable(row, { line }) {
  const found = [];
  for (const name of row.contenders) {
    const { needs, isFor } = contenders[name];
    if (isFor !== undefined && !isFor({ direction: row.direction, line })) continue;
    if (needs !== undefined && !(await hasProgram(line, needs))) continue;
    found.push(name);
  }
  return found;
}

async function hasProgram(line, program) {
  const answer = await line.run(`command -v ${program} >/dev/null && echo yes || echo no\n`);
  return answer.trim() === 'yes';
}

async function runOnce(row, place, contender) {
  const { direct, line, local, sources } = place;
  const { direction } = row;
  const { start, forwarder } = contenders[contender];
  const source = { ...row.source, files: row.sample?.[contender] ?? row.source.files };
  const { name, sum, bytes } = await sources.need(source, direction);
  if (source.files > 1) await putAside(place);
  else await clear(place);
  const ends =
    direction === 'put'
      ? { local: `${local}/have`, remote: `${line.folder}/in` }
      : { local: `${local}/out`, remote: `${line.folder}/have` };
  const { words, input, env } = start({ direction, name, isTree: source.files > 1, line, ...ends });
  const usesForwarder = !contender.startsWith('bai');
  const cpuBefore = usesForwarder ? line.forwarderCpu(forwarder) : 0;
  const run = await measure(words, { input, env: env ?? process.env });
  const cpuSeconds = run.cpuSeconds + (usesForwarder ? line.forwarderCpu(forwarder) - cpuBefore : 0);
  const arrived =
    direction === 'put'
      ? await direct.run(`cd in && ${treeScript(name)}`)
      : await output(['sh', '-c', `cd '${local}/out' && ${treeScript(name)}`]);
  const problem = problemOf(run, arrived.trim() === sum);
  return {
    seconds: run.seconds,
    cpuSeconds,
    bytes,
    isWhole: problem === undefined,
    ...(problem && { problem }),
  };
}

/** Nothing of an earlier run is where this one writes. */
async function clear({ direct, local }) {
  await direct.run('rm -rf in; mkdir in\n');
  rmSync(`${local}/out`, { recursive: true, force: true });
  mkdirSync(`${local}/out`);
}

let putAsideTimes = 0;

/**
 * As `clear`, but what is there goes with the whole bench. ext4 passes over files that were removed within the last half
 * minute one by one whenever it makes a new one: after 10,000 removals whoever comes next takes twice as long.
 */
async function putAside({ direct, local }) {
  putAsideTimes += 1;
  await direct.run(`mkdir -p in aside; mv in aside/${putAsideTimes}; mkdir in\n`);
  mkdirSync(`${local}/out`, { recursive: true });
  mkdirSync(`${local}/aside`, { recursive: true });
  renameSync(`${local}/out`, `${local}/aside/${putAsideTimes}`);
  mkdirSync(`${local}/out`);
}

function problemOf({ status, stderr }, isSame) {
  if (status !== 0) return `ended with ${status}: ${stderr.trim().split('\n').at(-1) ?? ''}`;
  return isSame ? undefined : 'ended with 0, but other bytes arrived';
}

function progressLine({ job, roundTripMs, path }, name, { seconds, isWhole, problem }) {
  return `${path} ${roundTripMs} ms, ${job}, ${name}: ${seconds.toFixed(2)} s${isWhole ? '' : ` BROKEN (${problem})`}\n`;
}

/** Peak memory of bai for a large sparse file, and whether it grows on the way. */
export async function runMemoryRow(row, place) {
  const { direct, line, local } = place;
  const { direction, source } = row;
  const name = nameOf(source);
  const [here, there] = [`${local}/have/${name}`, `${line.folder}/have/${name}`];
  await clear(place);
  await direct.run(`mkdir -p have; truncate -s ${source.bytes} have/${name}\n`);
  writeFileSync(here, '');
  truncateSync(here, source.bytes);
  const paths =
    direction === 'put'
      ? [here, `${line.session}:${line.folder}/in/`]
      : [`${line.session}:${there}`, `${local}/out/`];
  const words = [process.execPath, launcher, '-q', 'sftp', direction, ...paths];
  const run = await watchMemory(words, { env: line.env });
  const size =
    direction === 'put'
      ? Number((await direct.run(`stat -c %s in/${name}\n`)).trim())
      : statSync(`${local}/out/${name}`).size;
  await clear(place);
  await direct.run(`rm have/${name}\n`);
  rmSync(here);
  return memorySummary(row, { ...run, isWhole: run.status === 0 && size === source.bytes });
}

function memorySummary(row, { peak, samples, seconds, isWhole, stderr }) {
  const quarter = (index) => {
    const length = Math.floor(samples.length / 4);
    return length > 0 ? median(samples.slice(index * length, (index + 1) * length)) : Number.NaN;
  };
  const quarters = [0, 1, 2, 3].map(quarter);
  const shown = quarters.map((mebibytes) => mebibytes.toFixed(0)).join(', ');
  const { job, path, roundTripMs } = row;
  process.stderr.write(
    `${path} ${job}: ${seconds.toFixed(1)} s, peak ${peak.toFixed(0)} MiB (${shown}) ${stderr}\n`,
  );
  const atMost = 160;
  return {
    ...{ job, path, roundTripMs, load: loadavg()[0], peak, quarters, seconds },
    targets: [
      {
        rival: '',
        atLeast: `at most ${atMost} MiB, flat`,
        measured: `${peak.toFixed(0)} MiB; medians of the quarters of the run: ${shown}${isWhole ? '' : '; NOT WHOLE'}`,
        isMet: isWhole && peak <= atMost && !(quarters[3] > quarters[1] * 1.25),
      },
    ],
  };
}
