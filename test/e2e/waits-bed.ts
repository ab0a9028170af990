/** One wait of the program: brought about on purpose, and then interrupted, or left alone until its limit. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { expect } from 'vitest';
import { type EmulatorBed, filesIn, openEmulator, until } from '../contract/app-bed.ts';
import { statusOf } from '../support/bai.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';

/** What a row of the walk has to wait in: a manager, a session called demo, a HOME. */
export interface Place extends AsyncDisposable {
  readonly bed: EmulatorBed;
  /** Of the session. */
  readonly remoteHome: string;
  /** Of this machine, for sources and targets; bai is started in it. */
  readonly folder: string;
  /** What a row opens beside it is closed with the place. */
  keep<T extends AsyncDisposable | Disposable>(opened: T): T;
}

/** What is done to make bai wait, and how one sees that it does. */
export interface Waiting {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether bai has come to this wait. */
  reached(run: { readonly stderr: string; readonly pid: number }): boolean;
  /** Left alone it ends by its limit with this status, and says this. Without: it may wait for as long as it says so. */
  readonly limit?: Limit | undefined;
  /** What ends with Ctrl-C in good order, because that is how it is ended. */
  readonly endsWith?: number;
  /** It is over too soon to be interrupted. */
  readonly isShort?: boolean;
  /** stdin stays open and brings nothing. */
  readonly keepsStdin?: boolean;
  /** All that stdin brings. */
  readonly stdin?: string;
}

export interface Limit {
  readonly code: number;
  readonly says: RegExp;
  readonly withinMs?: number;
}

export interface Wait {
  readonly name: string;
  /** The places of the sources that wait here: see `waits.test.ts`. */
  readonly covers: readonly string[];
  /** Options for the session. */
  readonly session?: readonly string[];
  begin(place: Place): Waiting | Promise<Waiting>;
}

/** How soon an interrupted program is over. */
const interruptedWithinMs = 2_000;

export async function openPlace({ session = [] }: Wait): Promise<Place> {
  const folder: TempFolder = tempFolder();
  const bed = await openEmulator({ appProxy: {} });
  const kept: (AsyncDisposable | Disposable)[] = [];
  await bed.create('demo', ...session);
  return {
    bed,
    folder: folder.path,
    remoteHome: bed.emulator.sessions.get('demo').home ?? '',
    keep(opened) {
      kept.push(opened);
      return opened;
    },
    async [Symbol.asyncDispose]() {
      for (const each of kept.reverse()) {
        if (Symbol.asyncDispose in each) await each[Symbol.asyncDispose]();
        else each[Symbol.dispose]();
      }
      await bed[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

interface Ended {
  readonly code: number;
  readonly stderr: string;
  readonly stdout: string;
  readonly ms: number;
}

/**
 * Runs into the wait and sends the signal: the program is over soon. On a machine that is busy with other things it may be late,
 * which happens to one try and not to each; a program that waits for something is late each time.
 */
export async function interrupt(wait: Wait, signal: 'SIGINT' | 'SIGTERM'): Promise<void> {
  const late: string[] = [];
  while (late.length < mostTries) {
    const ended = await interruptOnce(wait, signal);
    if (ended === 'soon') return;
    late.push(ended);
  }
  expect.fail(`interrupted, it ends late each time: ${late.join('; ')}`);
}

const mostTries = 4;

/** Tells by how much it is late. */
async function interruptOnce(
  wait: Wait,
  signal: 'SIGINT' | 'SIGTERM',
): Promise<'soon' | `${number} ms, ${string}`> {
  await using place = await openPlace(wait);
  const waiting = await begin(wait, place);
  if (waiting.isShort === true) return 'soon';
  const before = namesIn(place);
  const run = start(waiting, place, {});
  await until(() => waiting.reached(run.seen) || run.hasEnded(), `bai waits: ${wait.name}`, 60_000);
  expect(run.hasEnded(), `it ended by itself: ${run.seen.stderr}`).toBe(false);
  const reference = await startReference();
  const [ended, referenceMs] = await Promise.all([run.end(signal), reference.end(signal)]);
  if (isLate(ended, referenceMs)) return `${Math.round(ended.ms)} ms, ${ended.stderr}`;
  const code = waiting.endsWith ?? statusOf(signal);
  expect(ended.code, `${ended.stderr} (${Math.round(ended.ms)} ms)`).toBe(code);
  expect(ended.stderr).not.toMatch(/bug in bai|at .*\.js/);
  // A large file is kept to be gone on with, which is told by the name of its source.
  if (ended.stderr.includes('are kept')) return 'soon';
  for (const name of namesIn(place).filter((each) => !before.includes(each)))
    expect(ended.stderr, `${name} was left behind without a word`).toContain(basename(name));
  return 'soon';
}

function isLate({ ms, stderr }: Ended, referenceMs: number): boolean {
  return ms > interruptedWithinMs + slowdown * referenceMs || stderr.includes('did not end in time');
}

/**
 * Runs into the wait and leaves the program alone: its limit ends it. On a machine that is busy with other things the short
 * limits may end what comes before, so there is a second try with longer ones.
 */
export async function leaveAlone(wait: Wait): Promise<void> {
  const first = await endAlone(wait, shortLimits);
  if (first === undefined || first.problem === undefined) return;
  const second = await endAlone(wait, longerLimits);
  expect(second?.problem, second?.stderr).toBeUndefined();
}

/** Documented settings: what takes 60 s by default takes 2 or 8. */
const shortLimits = { BAI_READ_TIMEOUT: '2', BAI_CONNECT_TIMEOUT: '2', BAI_ANSWER_TIMEOUT: '2' };
const longerLimits = { BAI_READ_TIMEOUT: '8', BAI_CONNECT_TIMEOUT: '8', BAI_ANSWER_TIMEOUT: '8' };
/** Of the first try. */
const usualLimitMs = 20_000;
const longerFactor = 4;

interface AloneEnd {
  readonly problem: string | undefined;
  readonly stderr: string;
}

/** Nothing where the wait has no limit. */
async function endAlone(wait: Wait, limits: typeof shortLimits): Promise<AloneEnd | undefined> {
  await using place = await openPlace(wait);
  const waiting = await begin(wait, place);
  const { limit } = waiting;
  if (limit === undefined) return undefined;
  const run = start(waiting, place, limits);
  const factor = limits === shortLimits ? 1 : longerFactor;
  const { code, stderr } = await run.whenEnded((limit.withinMs ?? usualLimitMs) * factor);
  const isReached = waiting.reached(run.seen) || limit.code === 0;
  const problems = [
    isReached ? '' : 'it did not come so far',
    code === limit.code ? '' : `it ended with ${code}`,
    limit.says.test(stderr) ? '' : `it did not say ${limit.says}`,
    /bug in bai|at .*\.js/.test(stderr) ? 'a bug' : '',
  ].filter((problem) => problem !== '');
  return { problem: problems.length === 0 ? undefined : problems.join(', '), stderr };
}

interface Reference {
  /** Sends the signal; how long the program took to end. */
  end(signal: NodeJS.Signals): Promise<number>;
}

/** On a machine that is busy with other things everything takes longer to end, also a program that waits for nothing. */
async function startReference(): Promise<Reference> {
  const script = `for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => process.exit()); setInterval(() => {}, 1000); console.log('up')`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  return {
    async end(signal) {
      const since = performance.now();
      child.kill(signal);
      await once(child, 'exit');
      return performance.now() - since;
    },
  };
}

/** bai is larger, and has more to end. */
const slowdown = 4;

async function begin(wait: Wait, place: Place): Promise<Waiting> {
  place.bed.emulator.faults.clear();
  return await wait.begin(place);
}

interface Run {
  readonly seen: { readonly stderr: string; readonly stdout: string; readonly pid: number };
  hasEnded(): boolean;
  /** What runs on after a minute is killed. */
  end(signal: NodeJS.Signals): Promise<Ended>;
  /** What still runs then is killed. */
  whenEnded(withinMs: number): Promise<Ended>;
}

function start(
  { args, env, keepsStdin, stdin = '' }: Waiting,
  { bed, folder }: Place,
  limits: Readonly<Record<string, string>>,
): Run {
  const child = bed.start(args, { env: { ...limits, ...env }, cwd: folder });
  child.stdin.on('error', () => {});
  if (keepsStdin !== true) child.stdin.end(stdin);
  const seen = { stderr: '', stdout: '', pid: child.pid ?? 0 };
  for (const name of ['stderr', 'stdout'] as const)
    child[name].on('data', (chunk: Buffer) => {
      seen[name] += chunk.toString();
    });
  const begun = performance.now();
  let exited: number | undefined;
  child.once('exit', (code, signal) => {
    exited = code ?? 128 + (signal === 'SIGINT' ? 2 : signal === 'SIGTERM' ? 15 : 9);
  });
  const ended = async (since: number, withinMs: number): Promise<Ended> => {
    const late = setTimeout(() => child.kill('SIGKILL'), withinMs);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    clearTimeout(late);
    const ms = performance.now() - since;
    // Its last words may come after it has ended; and what it has started may hold its output open for longer.
    await until(() => child.stdout.closed && child.stderr.closed, 'its output ended', 3_000).catch(() => {});
    return { ...seen, code: exited ?? -1, ms };
  };
  return {
    seen,
    hasEnded: () => exited !== undefined,
    end(signal) {
      const since = performance.now();
      child.kill(signal);
      return ended(since, 60_000);
    },
    whenEnded: (withinMs) => ended(begun, withinMs),
  };
}

/** All files of the session and of the working folder. */
function namesIn({ remoteHome, folder }: Place): string[] {
  const there = filesIn(remoteHome).filter((name) => !name.startsWith('.fakes'));
  return [
    ...there.map((name) => `session/${name}`),
    ...filesIn(folder).filter((name) => !name.startsWith('bin/')),
  ];
}
