/** What the system tells of a process that waits or computes. */

import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/** It sleeps, and has slept for a moment: a process that waits for its input shows it by nothing else. */
export function idle({ pid }: { readonly pid: number }): boolean {
  const stat = ofProcess(pid, 'stat');
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const used = Number(fields[10]) + Number(fields[11]);
  const last = samples.get(pid);
  if (state === 'S' && last?.used === used) return performance.now() - last.since > 400;
  samples.set(pid, { used, since: performance.now() });
  return false;
}

/** Nothing when it has ended. */
function ofProcess(pid: number, name: 'stat' | 'status'): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}

/** Time of the processor that a process had used, and since when it has used no more. */
const samples = new Map<number, { readonly used: number; readonly since: number }>();

/** Its signals are the system's to deliver: it computes, and could not hear them. Node itself handles SIGUSR1 once it is up. */
export function isLeftToSystem({ pid }: { readonly pid: number }): boolean {
  const caught = BigInt(`0x${/^SigCgt:\s*(\w+)$/m.exec(ofProcess(pid, 'status'))?.[1] ?? '0'}`);
  const catches = (signal: number): boolean => ((caught >> BigInt(signal - 1)) & 1n) === 1n;
  return catches(constants.signals.SIGUSR1) && !catches(constants.signals.SIGTERM);
}
