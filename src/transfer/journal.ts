/** What is remembered of a large file on its way, so that a later run goes on from there; also its lock. */

import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { ConflictError, systemCode } from '../errors.ts';
import type { Range } from './done-ranges.ts';
import { onThisMachine } from './local-error.ts';

/** By these a source is known again. */
export interface SourceIdentity {
  readonly size: number;
  /** Milliseconds since 1970; whole seconds for files of a session. */
  readonly modifiedMs: number;
}

export interface JournalState {
  readonly source: SourceIdentity;
  /** What the part is known by: a mark in it, or its number on this machine's disk. */
  readonly part: string;
  readonly done: readonly Range[];
}

export interface Journal extends AsyncDisposable {
  /** What an earlier run left; whether it still fits is for the caller to find out. */
  readonly earlier: JournalState | undefined;
  /** Whether a later run will find it. */
  readonly isLasting: boolean;
  /** Only what has arrived may be in it. */
  save(state: JournalState): Promise<void>;
  /** Nothing is to be gone on with. */
  remove(): Promise<void>;
}

interface Owner {
  readonly host: string;
  readonly pid: number;
  /** Tells two processes that had the same number one after the other apart, where the system says. */
  readonly started: string;
}

/** On other machines nobody can be asked whether a process still runs; a running one saves more often than this. */
const abandonedMs = 600_000;

/** Throws ConflictError while another process moves the same file. Without a path nothing outlives the run. */
export async function openJournal(path: string | undefined, target: string): Promise<Journal> {
  if (path === undefined) return forgetful;
  return await onThisMachine('write', path, takeJournal(path, target));
}

const forgetful: Journal = {
  earlier: undefined,
  isLasting: false,
  save: async () => {},
  remove: async () => {},
  [Symbol.asyncDispose]: async () => {},
};

async function takeJournal(path: string, target: string): Promise<Journal> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const owner: Owner = { host: hostname(), pid: process.pid, started: await startOf(process.pid) };
  for (let attempt = 0; ; attempt += 1) {
    if (await create(path, encode(undefined, owner))) return fileJournal(path, undefined, owner);
    const found = await readJournal(path);
    if (found === undefined) continue;
    if (attempt > 20 || (await isAlive(found.owner, path))) throw busyError(target);
    // Of several that find it abandoned one moves it away; the others find it gone, or another owner in it.
    const aside = `${path}.${randomBytes(6).toString('hex')}`;
    if (!(await moveAside(path, aside))) continue;
    const moved = await readJournal(aside);
    await rm(aside, { force: true });
    if (!(await create(path, encode(moved?.state, owner)))) continue;
    return fileJournal(path, moved?.state, owner);
  }
}

function fileJournal(path: string, earlier: JournalState | undefined, owner: Owner): Journal {
  let state = earlier;
  let isGone = false;
  let saving: Promise<void> = Promise.resolve();
  const save = (by: Owner | undefined): Promise<void> => {
    saving = saving
      .catch(() => {})
      .then(async () => {
        if (!isGone) await onThisMachine('write', path, replace(path, encode(state, by)));
      });
    return saving;
  };
  const remove = async (): Promise<void> => {
    isGone = true;
    await saving.catch(() => {});
    await onThisMachine('remove', path, rm(besideOf(path), { force: true }));
    await onThisMachine('remove', path, rm(path, { force: true }));
  };
  return {
    earlier,
    isLasting: true,
    save: (now) => {
      state = now;
      return save(owner);
    },
    remove,
    // Without an owner the next run need not ask whether this one still lives.
    [Symbol.asyncDispose]: () => (state === undefined ? remove() : save(undefined)).catch(() => {}),
  };
}

function encode(state: JournalState | undefined, owner: Owner | undefined): string {
  return `${JSON.stringify({ version: 1, owner, state })}\n`;
}

/** Whole or not at all: a reader must not take one that is being written for one that nobody owns. */
async function create(path: string, text: string): Promise<boolean> {
  const beside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(beside, text, { flag: 'wx', mode: 0o600 });
    await link(beside, path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(beside, { force: true });
  }
}

/** The owner alone writes under this name, so a killed one leaves at most this; made anew, it follows no link. */
function besideOf(path: string): string {
  return `${path}.new`;
}

async function replace(path: string, text: string): Promise<void> {
  const beside = besideOf(path);
  await rm(beside, { force: true });
  await writeFile(beside, text, { flag: 'wx', mode: 0o600 });
  await rename(beside, path);
}

async function moveAside(path: string, aside: string): Promise<boolean> {
  try {
    await rename(path, aside);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

interface Found {
  readonly state: JournalState | undefined;
  readonly owner: Owner | undefined;
}

/** Nothing when there is none; one that makes no sense is one without content. */
async function readJournal(path: string): Promise<Found | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const content: unknown = JSON.parse(text);
    if (field(content, 'version') !== 1) return { state: undefined, owner: undefined };
    return { state: toState(field(content, 'state')), owner: toOwner(field(content, 'owner')) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { state: undefined, owner: undefined };
  }
}

function toState(value: unknown): JournalState | undefined {
  const size = field(field(value, 'source'), 'size');
  const modifiedMs = field(field(value, 'source'), 'modifiedMs');
  const part = field(value, 'part');
  const done: unknown = field(value, 'done');
  if (typeof size !== 'number' || typeof modifiedMs !== 'number' || typeof part !== 'string')
    return undefined;
  if (!Array.isArray(done) || !done.every((range) => isRange(range, size))) return undefined;
  return { source: { size, modifiedMs }, part, done };
}

function isRange(value: unknown, size: number): value is Range {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [start, end]: unknown[] = value;
  return (
    Number.isSafeInteger(start) &&
    Number.isSafeInteger(end) &&
    (start as number) >= 0 &&
    (end as number) <= size
  );
}

function toOwner(value: unknown): Owner | undefined {
  const host = field(value, 'host');
  const pid = field(value, 'pid');
  const started = field(value, 'started');
  return typeof host === 'string' && typeof pid === 'number' && typeof started === 'string'
    ? { host, pid, started }
    : undefined;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

async function isAlive(owner: Owner | undefined, path: string): Promise<boolean> {
  if (owner === undefined) return false;
  if (owner.host === hostname()) {
    if (!isRunning(owner.pid)) return false;
    if (owner.started !== '') return (await startOf(owner.pid)) === owner.started;
  }
  const touched = await stat(path).catch(() => undefined);
  return touched !== undefined && Date.now() - touched.mtimeMs < abandonedMs;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

/** Linux only; elsewhere the journal's age decides. */
async function startOf(pid: number): Promise<string> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The program's name comes before it and may hold spaces and brackets.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function busyError(target: string): ConflictError {
  return new ConflictError(`another bai is moving a file to ${target} right now`, {
    code: 'busy-target',
    hint: 'wait until it has ended, or choose another target',
  });
}
