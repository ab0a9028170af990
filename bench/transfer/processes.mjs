/** Processes that are measured, and processes that others are measured through. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as after } from 'node:timers/promises';

const longestMs = 600_000;

/** Nothing goes on serving after a bench that failed. */
const serving = new Set();
process.on('exit', () => {
  for (const child of serving) child.kill();
});

/** bash prints the user and system seconds of a program and of all that it waited for. */
const timed = 'TIMEFORMAT="%U %S"; exec 4>&2; { time "$@" 2>&4 4>&- 3>&-; } 2>&3';

/** Wall and processor time of one whole program, start included. Never rejects for its exit status. */
export async function measure(words, { env, cwd, input } = {}) {
  const startedAt = performance.now();
  const child = spawn('bash', ['-c', timed, 'bash', ...words], {
    env,
    cwd,
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const limit = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), longestMs);
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const ended = once(child, 'exit').then(([status]) => ({ status, at: performance.now() }));
  const [stderr, times, { status, at }] = await Promise.all([
    text(child.stderr),
    text(child.stdio[3]),
    ended,
  ]);
  clearTimeout(limit);
  const [user, system] = times.trim().split(' ').map(Number);
  return { seconds: (at - startedAt) / 1000, cpuSeconds: user + system, status, stderr };
}

/** What a program prints; rejects unless it ends with 0. */
export async function output(words, { env, input } = {}) {
  const [program, ...args] = words;
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

/** A process that serves until it is stopped, once it has printed JSON, which are its `facts`. */
export async function serve(words, { env } = {}) {
  let printed = '';
  let facts;
  const read = (chunk) => {
    printed += chunk;
    try {
      facts = JSON.parse(printed);
    } catch {
      // Not all of it is there yet.
    }
  };
  const server = await serveUntil(words, { env, read, isReady: async () => facts !== undefined });
  return { ...server, facts };
}

/** A process that serves until it is stopped, once `isReady`. */
export async function serveUntil(words, { env, isReady, read = () => {} }) {
  const [program, ...args] = words;
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stdout.on('data', read);
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  child.stdin.on('error', () => {});
  const ended = once(child, 'exit');
  serving.add(child);
  void ended.then(() => serving.delete(child));
  const stop = async (signal) => {
    if (signal === undefined) child.stdin.end();
    else child.kill(signal);
    await ended;
  };
  const deadline = performance.now() + 60_000;
  while (!(await isReady())) {
    if (child.exitCode !== null || performance.now() > deadline) {
      child.kill();
      throw new Error(`${words.join(' ')} did not start to serve: ${errors}`);
    }
    await after(20);
  }
  return { pid: child.pid, stop };
}

/** Processor seconds that a running process has used (Linux). */
export function cpuSecondsOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory of a program in MiB over its run: the peak the kernel saw, and samples. */
export async function watchMemory([program, ...args], { env }) {
  const child = spawn(program, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const samples = [];
  let peak = 0;
  const sampler = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      const read = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
      peak = Math.max(peak, read('VmHWM'));
      samples.push(read('VmRSS'));
    } catch {
      // It ends at this moment.
    }
  }, 100);
  const startedAt = performance.now();
  const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  clearInterval(sampler);
  return { peak, samples, seconds: (performance.now() - startedAt) / 1000, status, stderr };
}
