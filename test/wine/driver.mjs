/**
 * Runs bai step by step on the Node that it runs on itself, Linux' or Windows', and writes what came of each. The one argument is a
 * JSON file: `bai`, `folder`, `out`, the manager's `endpoint`, `accessKey` and `secretKey`, and on Windows a `share` of another machine.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { steps } from './steps.mjs';
import { windowsSteps } from './windows-steps.mjs';

const facts = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const isWindows = process.platform === 'win32';

/** As profiles may be called. */
const home = join(facts.folder, 'Jürgen Müller 한글');
const work = join(home, 'work');
mkdirSync(work, { recursive: true });

/** What Windows' programs need, or Linux'; nothing of whoever runs the tests. */
function environment() {
  const kept = isWindows
    ? ['SystemRoot', 'SystemDrive', 'ComSpec', 'PATH', 'Path', 'PATHEXT', 'TEMP', 'TMP', 'windir']
    : ['PATH'];
  const own = Object.fromEntries(
    kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );
  return isWindows
    ? {
        ...own,
        USERPROFILE: home,
        USERNAME: 'jürgen',
        // Redirected, as on the machines of many offices.
        APPDATA: join(facts.folder, 'Umgeleitet', 'AppData'),
        LOCALAPPDATA: join(home, 'AppData', 'Local'),
      }
    : {
        ...own,
        HOME: home,
        LANG: 'C.UTF-8',
        XDG_CONFIG_HOME: join(facts.folder, 'Umgeleitet', 'AppData'),
        XDG_DATA_HOME: join(home, 'AppData', 'Local'),
      };
}

const longestMs = 60_000;
const longestStepMs = 120_000;

/** What is known of one run, for the next one to begin with. */
class Bed {
  facts = facts;
  home = home;
  work = work;
  isWindows = isWindows;
  calls = [];

  /** One command of bai to its end; its output is compared. */
  async bai(args, options = {}) {
    const call = await this.quietly(args, options);
    this.calls.push({ args, ...call });
    return call;
  }

  /** One whose output is not compared. */
  async quietly(args, { input = '', ...options } = {}) {
    const child = this.start(args, options);
    const output = [child.stdout, child.stderr].map(async (stream) => {
      const chunks = [];
      for await (const chunk of stream) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const timer = setTimeout(() => child.kill('SIGKILL'), longestMs);
    const [status, signal] = await once(child, 'close');
    clearTimeout(timer);
    const [stdout, stderr] = await Promise.all(output);
    return { status: status ?? signal, stdout, stderr };
  }

  /** One that goes on. */
  start(args, { cwd = this.work, env = {} } = {}) {
    return spawn(process.execPath, [facts.bai, ...args], { cwd, env: { ...environment(), ...env } });
  }

  /** Tries until it is not undefined. */
  async until(look, what) {
    const deadline = performance.now() + longestMs;
    while (performance.now() < deadline) {
      const found = await look();
      if (found !== undefined) return found;
      await delay(50);
    }
    throw new Error(`${what} did not come`);
  }
}

async function inTime(work) {
  const over = new AbortController();
  const late = delay(longestStepMs, undefined, { signal: over.signal }).then(() => {
    throw new Error('it took too long');
  });
  late.catch(() => {});
  return await Promise.race([work, late]).finally(() => over.abort());
}

const results = [];
for (const step of isWindows ? [...steps, ...windowsSteps] : steps) {
  const { name } = step;
  const bed = new Bed();
  const startedAt = performance.now();
  const result = { name, calls: bed.calls };
  try {
    result.value = (await inTime(step.run(bed))) ?? null;
  } catch (error) {
    result.failure = String(error.stack ?? error);
  }
  results.push({ ...result, ms: Math.round(performance.now() - startedAt) });
  writeFileSync(facts.out, JSON.stringify(results));
}
process.exit(0);
