/** How long bai takes to say something, beside `node -e 0` in turn. */

import { fileURLToPath } from 'node:url';
import { pairs, printTable, timeProcess } from './measure.mjs';

const launcher = fileURLToPath(new URL('../bin/bai.cjs', import.meta.url));
const runs = Number(process.env.BENCH_RUNS ?? 20);

/** NODE_EXTRA_CA_CERTS costs Node 20 some 40 ms at every start, bare or not. */
const { NODE_EXTRA_CA_CERTS: _, ...bareEnvironment } = process.env;
const environments = { 'as set up': process.env, 'NODE_EXTRA_CA_CERTS unset': bareEnvironment };

const rows = [];
for (const [name, env] of Object.entries(environments)) {
  for (const args of [['--version'], ['--help'], ['session', '--help'], ['config', 'path']]) {
    const result = await pairs(
      runs,
      () => timeProcess([process.execPath, launcher, ...args], { env }),
      () => timeProcess([process.execPath, '-e', '0'], { env }),
    );
    const { a, b, ratio, difference } = result;
    rows.push([
      `bai ${args.join(' ')}`,
      name,
      ...[a, b].map((ms) => ms.toFixed(0)),
      ratio.toFixed(2),
      difference.toFixed(0),
    ]);
  }
}
printTable(
  `Start-up: medians of ${runs} pairs`,
  ['command', 'environment', 'bai ms', 'node -e 0 ms', 'ratio', 'difference ms'],
  rows,
);
