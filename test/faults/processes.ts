/** The processes of a server, by who started whom. */

import { readdirSync, readFileSync } from 'node:fs';

export interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
}

/** All below a process, those deepest down last. */
export function processesBelow(pid: number): RunningProcess[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => read(Number(name)));
  const found: RunningProcess[] = [];
  const wanted = new Set([pid]);
  for (let size = 0; size < wanted.size; ) {
    size = wanted.size;
    for (const each of all) {
      if (!wanted.has(each.parent) || wanted.has(each.pid)) continue;
      wanted.add(each.pid);
      found.push(each);
    }
  }
  return found;
}

export function killAll(processes: readonly RunningProcess[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

function read(pid: number): RunningProcess[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name may hold spaces and brackets.
    const end = text.lastIndexOf(')');
    const parent = Number(text.slice(end + 2).split(' ')[1]);
    return [{ pid, parent, name: text.slice(text.indexOf('(') + 1, end) }];
  } catch {
    return [];
  }
}
