/** Which process a file of bai's belongs to, and whether that one still lives. */

import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { systemCode } from '../errors.ts';

export interface ProcessIdentity {
  readonly host: string;
  /** Containers number their processes each for themselves, and may share a host's name. Empty where the system does not say. */
  readonly space: string;
  readonly pid: number;
  /** Tells two processes that had the same number one after the other apart. Empty where the system does not say. */
  readonly started: string;
}

/** When a process was started, as the system puts it: for systems where no file tells. Empty where it does not say. */
export type AskStart = (pid: number) => Promise<string>;

export async function ownIdentity(askStart?: AskStart): Promise<ProcessIdentity> {
  const [space, started] = await Promise.all([ownSpace(), startOf(process.pid, askStart)]);
  return { host: hostname(), space, pid: process.pid, started };
}

/** Nothing when it is none. */
export function readIdentity(value: unknown): ProcessIdentity | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { host, space = '', pid, started } = value as Readonly<Record<string, unknown>>;
  return typeof host === 'string' &&
    typeof space === 'string' &&
    typeof pid === 'number' &&
    typeof started === 'string'
    ? { host, space, pid, started }
    : undefined;
}

/** `isRecent` is for a process that cannot be asked for, such as one of another machine. */
export async function isAlive(identity: ProcessIdentity, isRecent: boolean): Promise<boolean> {
  const fate = await fateOf(identity);
  return fate === 'unknown' ? isRecent : fate === 'alive';
}

/** `unknown`: of another machine or container, or where the system does not tell two with the same number apart. */
export async function fateOf(
  { host, space, pid, started }: ProcessIdentity,
  askStart?: AskStart,
): Promise<'alive' | 'ended' | 'unknown'> {
  if (host !== hostname() || (space !== '' && space !== (await ownSpace()))) return 'unknown';
  if (!isRunning(pid)) return 'ended';
  const found = await startOf(pid, askStart);
  if (started === '' || found === '') return 'unknown';
  return found === started ? 'alive' : 'ended';
}

/** One that has ended meanwhile needs none. */
export function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

/** By a file on Linux only. One that has ended and that its parent has not asked after yet does nothing any more. */
async function startOf(pid: number, ask: AskStart = async () => ''): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(nothing);
  if (text === '') return await ask(pid);
  // The program's name comes before them and may hold spaces and brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : (fields[19] ?? '');
}

/** Linux only. */
function ownSpace(): Promise<string> {
  return readlink('/proc/self/ns/pid').catch(nothing);
}

function nothing(error: unknown): string {
  if (systemCode(error) === undefined) throw error;
  return '';
}
