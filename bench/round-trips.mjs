/**
 * `npm run bench:round-trips`: short commands over lines that delay, in turn with OpenSSH's tools through a forwarder that is open
 * already. What they take is start-up and round trips; docs/round-trips.md counts those.
 *
 *     --rounds N       7 by default
 *     --delays LIST    round trips in milliseconds, 0,50,150 by default
 *     --only TEXT      of the jobs these alone, a regular expression
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { inTurn, median, printTable, timeProcess } from './measure.mjs';
import { openLine } from './transfer/lines.mjs';
import { serve } from './transfer/processes.mjs';
import { findRunner } from './transfer/stands.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    delays: { type: 'string', default: '0,50,150' },
    only: { type: 'string', default: '' },
  },
});
const launcher = fileURLToPath(new URL('../bin/bai.cjs', import.meta.url));
const standProgram = fileURLToPath(new URL('transfer/stand.mjs', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'bai-bench-'));
const session = `bench-${process.pid}`;
const small = join(home, 'small');

/** Each with its rivals: [job, bai's words, the rival's name, its words]. */
function jobsOn(line) {
  const { port, options: sshOptions, destination } = line.ssh();
  const batch = (command) => {
    const file = join(home, `batch-${command.split(' ')[0]}`);
    writeFileSync(file, `${command}\n`);
    return ['sftp', ...sshOptions, '-P', String(port), '-b', file, destination];
  };
  const bai = (...words) => [process.execPath, launcher, ...words];
  const at = (name) => `${line.folder}/${name}`;
  return [
    ['session list', bai('session', 'list')],
    [
      'ssh S -- true',
      bai('ssh', session, '--', 'true'),
      'ssh',
      ['ssh', ...sshOptions, '-p', String(port), destination, 'true'],
    ],
    [
      'put 3 bytes',
      bai('-q', 'sftp', 'put', small, `${session}:${at('bai')}`),
      'sftp',
      batch(`put ${small} ${at('sftp')}`),
    ],
    [
      'get 3 bytes',
      bai('-q', 'sftp', 'get', `${session}:${at('bai')}`, join(home, 'got-bai')),
      'sftp',
      batch(`get ${at('sftp')} ${join(home, 'got-sftp')}`),
    ],
  ].filter(([job]) => new RegExp(options.only).test(job));
}

async function rowOf([job, ours, rival, theirs], line) {
  const times = await inTurn(Number(options.rounds), {
    bai: () => timeProcess(ours, { env: line.env }),
    ...(rival && { [rival]: () => timeProcess(theirs) }),
  });
  const ratios = rival ? times.bai.map((ms, round) => ms / times[rival][round]) : [];
  const shown = (all) => (all ? `${median(all).toFixed(0)} (${Math.min(...all).toFixed(0)})` : '–');
  return [
    job,
    `${line.roundTripMs} ms`,
    shown(times.bai),
    rival ? `${rival} ${shown(times[rival])}` : '–',
    rival ? median(ratios).toFixed(2) : '–',
  ];
}

mkdirSync(join(home, 'stand'));
writeFileSync(small, 'abc');
const server = findRunner() ?? 'dropbear';
const stand = await serve([process.execPath, standProgram, server, join(home, 'stand'), session, 'issued']);
const rows = [];
try {
  for (const delay of options.delays.split(',').map(Number)) {
    const line = await openLine({ ...stand.facts, session, ignoresWindow: false }, delay);
    for (const job of jobsOn(line)) rows.push(await rowOf(job, line));
    await line.close();
  }
} finally {
  await stand.stop();
  rmSync(home, { recursive: true, force: true });
}
printTable(
  `Short commands (${server === 'dropbear' ? "this machine's dropbear" : "Backend.AI's dropbear"}): ${options.rounds} rounds in turn, medians (least) in ms`,
  ['job', 'round trip', 'bai', 'rival', 'bai ÷ it'],
  rows,
);
