/** From `bai app ssh S -- true` to its exit, beside plain ssh through a forwarder that is open already. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pairs, printTable, timeProcess } from './measure.mjs';

export async function benchLogin({ launcher, env, session, manager }) {
  const child = spawn(process.execPath, [launcher, '--json', 'app', 'forward', session], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [text] = await once(child.stdout, 'data');
  const { commands } = JSON.parse(text).ssh;
  const runs = Number(process.env.BENCH_RUNS ?? 10);
  const result = await pairs(
    runs,
    () => timeProcess([process.execPath, launcher, 'app', 'ssh', session, '--', 'true'], { env }),
    () => timeProcess(['sh', '-c', `${commands.ssh} true`], { env }),
  );
  child.kill('SIGINT');
  await once(child, 'close');
  const { a, b, ratio, difference } = result;
  printTable(
    `Login (${manager}): medians of ${runs} pairs`,
    ['bai app ssh S -- true', 'plain ssh, forwarder open', 'ratio', 'difference'],
    [[`${a.toFixed(0)} ms`, `${b.toFixed(0)} ms`, ratio.toFixed(2), `${difference.toFixed(0)} ms`]],
  );
}
