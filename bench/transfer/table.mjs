/** What the runs come to, as two Markdown tables: the targets, and everything that was measured. */

import { median } from '../measure.mjs';
import { GiB } from './rows.mjs';

const isWhole = (run) => run.isWhole;

/** Of one row: for each contender its times, how many runs were whole, and how many times as long as bai it took. */
export function summarise({ row, runs, linkRate, load }) {
  const contenders = Object.entries(runs).map(([name, own]) => {
    const whole = own.filter(isWhole);
    const scale = row.source.bytes / (own[0]?.bytes ?? row.source.bytes);
    const seconds = whole.map((run) => run.seconds * scale);
    return {
      name,
      scale,
      runs: own.length,
      whole: whole.length,
      seconds: stats(seconds),
      bytesPerSecond: seconds.length > 0 ? row.source.bytes / median(seconds) : undefined,
      cpuPerGiB:
        whole.length > 0 ? median(whole.map((run) => (run.cpuSeconds / run.bytes) * GiB)) : undefined,
      ratio: ratioTo(runs.bai ?? [], own, scale),
      problems: [...new Set(own.filter((run) => !run.isWhole).map((run) => run.problem))],
    };
  });
  const targets = judge(row, contenders, linkRate);
  return { ...describe(row), linkRate, load, targets, contenders, runs };
}

function describe({ job, path, roundTripMs }) {
  return { job, path, roundTripMs };
}

function stats(numbers) {
  if (numbers.length === 0) return undefined;
  return { median: median(numbers), least: Math.min(...numbers), most: Math.max(...numbers) };
}

/** Round by round, so that what slows the machine for a while slows both. */
function ratioTo(baiRuns, own, scale) {
  const ratios = own.flatMap((run, round) =>
    run.isWhole && baiRuns[round]?.isWhole ? [(run.seconds * scale) / baiRuns[round].seconds] : [],
  );
  return ratios.length > 0 ? median(ratios) : undefined;
}

function judge(row, contenders, linkRate) {
  const bai = contenders.find(({ name }) => name === 'bai');
  const share = linkRate && bai?.bytesPerSecond ? bai.bytesPerSecond / linkRate : undefined;
  const ratios = Object.entries(row.targets ?? {}).flatMap(([rival, atLeast]) => {
    const measured = contenders.find(({ name }) => name === rival)?.ratio;
    if (measured === undefined) return [];
    const isFull = row.linkShare !== undefined && share >= row.linkShare;
    const text = share === undefined ? '' : `; ${percent(share)} of the line`;
    return [
      {
        rival,
        atLeast: `${atLeast} ×${row.linkShare ? ` or ${percent(row.linkShare)} of the line` : ''}`,
        measured: `${measured.toFixed(2)} ×${text}`,
        isMet: measured >= atLeast || isFull,
      },
    ];
  });
  if (bai === undefined) return ratios;
  const whole = { rival: '', atLeast: 'always whole', measured: `${bai.whole} of ${bai.runs} whole` };
  return [...ratios, { ...whole, isMet: bai.whole === bai.runs }];
}

const percent = (share) => `${Math.round(share * 100)} %`;

export function printTargets(summaries) {
  const rows = summaries.flatMap(({ job, path, roundTripMs, targets }) =>
    targets.map(({ rival, atLeast, measured, isMet }) => [
      ...[job, path, `${roundTripMs} ms`, rival, atLeast, measured, isMet ? 'yes' : '**no**'],
    ]),
  );
  print('Targets', ['job', 'path', 'round trip', 'against', 'at least', 'measured', 'met'], rows);
}

export function printRuns(summaries) {
  const rows = summaries.flatMap(({ job, path, roundTripMs, load, contenders = [] }) =>
    contenders.map((each) => [job, path, `${roundTripMs} ms`, ...cells(each), load.toFixed(1)]),
  );
  const columns = ['contender', 'median s (least–most)', 'MB/s', 'time ÷ bai', 'whole', 'CPU s/GiB', 'load'];
  print('Runs', ['job', 'path', 'round trip', ...columns], rows);
}

function cells({ name, scale, runs, whole, seconds, bytesPerSecond, ratio, cpuPerGiB }) {
  const note = scale > 1 ? ` (1 in ${scale}, scaled)` : '';
  if (seconds === undefined) return [name + note, '–', '–', '–', `${whole}/${runs}`, '–'];
  const digits = (number) => number.toFixed(number < 10 ? 2 : 1);
  const { median: middle, least, most } = seconds;
  return [
    name + note,
    `${digits(middle)} (${digits(least)}–${digits(most)})`,
    (bytesPerSecond / 1e6).toFixed(bytesPerSecond < 1e7 ? 2 : 0),
    ratio?.toFixed(2) ?? '–',
    `${whole}/${runs}`,
    cpuPerGiB.toFixed(1),
  ];
}

function print(title, columns, rows) {
  console.log(`\n### ${title}\n`);
  console.log(`| ${columns.join(' | ')} |`);
  console.log(`|${columns.map(() => ' --- ').join('|')}|`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}
