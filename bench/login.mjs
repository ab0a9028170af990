/**
 * From `bai ssh S -- true` to its exit, beside plain ssh through a forwarder that is open already and, on a genuine manager,
 * beside the Python client.
 */

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
  const bai = [process.execPath, launcher, 'ssh', session, '--', 'true'];
  const result = await pairs(
    runs,
    () => timeProcess(bai, { env }),
    () => timeProcess(['sh', '-c', `${commands.ssh} true`], { env }),
  );
  child.kill('SIGINT');
  await once(child, 'close');
  const { a, b, ratio, difference } = result;
  const python = process.env.BENCH_PYTHON_CLIENT;
  printTable(
    `Login (${manager}): medians of ${runs} pairs`,
    ['bai ssh S -- true', 'plain ssh, forwarder open', 'ratio', 'difference'],
    [[`${a.toFixed(0)} ms`, `${b.toFixed(0)} ms`, ratio.toFixed(2), `${difference.toFixed(0)} ms`]],
  );
  if (python !== undefined) await besidePython(bai, { python, env, session });
}

/** Fewer runs: one takes three seconds, and now and then it hangs for ever. */
const pythonRuns = 5;
const hangsSeconds = 60;

async function besidePython(bai, { python, env, session }) {
  const client = ['timeout', `${hangsSeconds}`, python, 'ssh', session, '--', 'true'];
  const { a, b, ratio } = await pairs(
    pythonRuns,
    () => timeProcess(bai, { env }),
    () => timeProcess(client, { env: { ...process.env, ...env } }),
  );
  printTable(
    `Login beside the Python client: medians of ${pythonRuns} pairs`,
    ['bai ssh S -- true', 'backend.ai ssh S -- true', 'bai ÷ Python'],
    [[`${a.toFixed(0)} ms`, `${b.toFixed(0)} ms`, ratio.toFixed(2)]],
  );
}
