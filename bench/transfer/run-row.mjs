/** One row: every contender in turn, round after round, and after each run a look at what arrived. */

import { mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
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

async function runOnce(row, { direct, line, local, sources }, contender) {
  const { direction } = row;
  const { start, forwarder } = contenders[contender];
  const source = { ...row.source, files: row.sample?.[contender] ?? row.source.files };
  const { name, sum, bytes } = await sources.need(source, direction);
  await direct.run('rm -rf in; mkdir in\n');
  rmSync(`${local}/out`, { recursive: true, force: true });
  mkdirSync(`${local}/out`);
  const isTree = source.files > 1;
  const ends =
    direction === 'put'
      ? { local: `${local}/have`, remote: `${line.folder}/in` }
      : { local: `${local}/out`, remote: `${line.folder}/have` };
  const usesForwarder = !contender.startsWith('bai');
  const cpuBefore = usesForwarder ? line.forwarderCpu(forwarder) : 0;
  const { words, input, env } = start({ direction, name, isTree, line, ...ends });
  const run = await measure(words, { input, env: env ?? process.env });
  const cpuSeconds = run.cpuSeconds + (usesForwarder ? line.forwarderCpu(forwarder) - cpuBefore : 0);
  const script = treeScript(name);
  const arrived =
    direction === 'put'
      ? await direct.run(`cd in && ${script}`)
      : await output(['sh', '-c', `cd '${local}/out' && ${script}`]);
  const isWhole = run.status === 0 && arrived.trim() === sum;
  const words_ = run.stderr.trim().split('\n').at(-1) ?? '';
  const problem =
    run.status === 0 ? 'ended with 0, but other bytes arrived' : `ended with ${run.status}: ${words_}`;
  return { seconds: run.seconds, cpuSeconds, bytes, isWhole, ...(!isWhole && { problem }) };
}

function progressLine({ job, roundTripMs, path }, name, { seconds, isWhole, problem }) {
  return `${path} ${roundTripMs} ms, ${job}, ${name}: ${seconds.toFixed(2)} s${isWhole ? '' : ` BROKEN (${problem})`}\n`;
}

/** Peak memory of bai for a large sparse file, and whether it grows on the way. */
export async function runMemoryRow(row, { direct, line, local }) {
  const { direction, source } = row;
  const name = nameOf(source);
  rmSync(`${local}/out`, { recursive: true, force: true });
  mkdirSync(`${local}/out`);
  await direct.run(`rm -rf in; mkdir in; mkdir -p have; truncate -s ${source.bytes} have/${name}\n`);
  writeFileSync(`${local}/have/${name}`, '');
  truncateSync(`${local}/have/${name}`, source.bytes);
  const paths =
    direction === 'put'
      ? [`${local}/have/${name}`, `${line.session}:${line.folder}/in/`]
      : [`${line.session}:${line.folder}/have/${name}`, `${local}/out/`];
  const words = [process.execPath, launcher, '-q', 'sftp', direction, ...paths];
  const { peak, samples, status, stderr, seconds } = await watchMemory(words, { env: line.env });
  const size =
    direction === 'put'
      ? Number((await direct.run(`stat -c %s in/${name}\n`)).trim())
      : statSync(`${local}/out/${name}`).size;
  await direct.run(`rm -rf in have/${name}\n`);
  rmSync(`${local}/out`, { recursive: true, force: true });
  rmSync(`${local}/have/${name}`);
  return memorySummary(row, {
    peak,
    samples,
    seconds,
    isWhole: status === 0 && size === source.bytes,
    stderr,
  });
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
