/** What is remembered of a large file on its way, so that a later run goes on from there; also its lock. */

import { parseJson } from '../../core/text/json.ts';
import { ConflictError } from '../../errors.ts';
import { claimFile, rewriteClaim } from '../../files/claim.ts';
import { removeFile } from '../../files/held-files.ts';
import { onThisMachine } from '../../files/local-error.ts';
import { withFileLock } from '../../files/lock.ts';
import { ownIdentity, type ProcessIdentity } from '../../files/process-identity.ts';
import type { Range } from './done-ranges.ts';

/** By these a source is known again. */
interface SourceIdentity {
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

/** On other machines nobody can be asked whether a process still runs; a running one saves more often than this. */
const abandonedMs = 600_000;
/** Throws ConflictError while another process moves the same file. Without a path nothing outlives the run; its folder must be there. */
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
  const owner = await ownIdentity();
  const outcome = await claimFile({
    path,
    content: (earlier) => encode(stateOf(earlier), owner),
    abandonedMs,
    alone: (work) => withFileLock(path, work),
  });
  if (!outcome.isOurs) throw busyError(target);
  return fileJournal(path, stateOf(outcome.earlier), owner);
}

function fileJournal(path: string, earlier: JournalState | undefined, owner: ProcessIdentity): Journal {
  let state = earlier;
  let isGone = false;
  let saving: Promise<void> = Promise.resolve();
  const save = (by: ProcessIdentity | undefined): Promise<void> => {
    saving = saving
      .catch(() => {})
      .then(async () => {
        if (!isGone) await onThisMachine('write', path, rewriteClaim(path, encode(state, by)));
      });
    return saving;
  };
  const remove = async (): Promise<void> => {
    isGone = true;
    await saving.catch(() => {});
    await onThisMachine('remove', path, removeFile(path));
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

function encode(state: JournalState | undefined, owner: ProcessIdentity | undefined): string {
  return `${JSON.stringify({ version: 1, owner, state })}\n`;
}

/** Nothing for one that makes no sense: it is as one without content. */
function stateOf(text: string | undefined): JournalState | undefined {
  const content = text === undefined ? undefined : parseJson(text);
  return field(content, 'version') === 1 ? toState(field(content, 'state')) : undefined;
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

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function busyError(target: string): ConflictError {
  return new ConflictError(`another bai is moving a file to ${target} right now`, {
    code: 'busy-target',
    hint: 'wait until it has ended, or choose another target',
  });
}
