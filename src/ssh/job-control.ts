/** Stopping as the shell's job that this process belongs to (`~^Z`), and with a child that has stopped by itself. */

import { type ChildProcess, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { systemCode } from '../errors.ts';
import { programPath } from './programs.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Stops the whole job, as Ctrl-Z does: whoever started this process, such as npx, is waited for by the shell too. Returns when the
 * job goes on, or at once where no shell could let it. Nothing on Windows, which has no jobs.
 */
export function stopJob(): void {
  if (process.platform !== 'win32') process.kill(0, 'SIGTSTP');
}

/** Programs that ask how a child is doing are children themselves, and their end is one more reason to look. */
const quietMs = 100;

/** ssh stops itself alone, and the shell waits for this process. */
export function stopWith(child: ChildProcess, environment: Environment): Disposable {
  if (process.platform === 'win32') return { [Symbol.dispose]: () => {} };
  let lookedAt = Number.NEGATIVE_INFINITY;
  const look = (): void => {
    if (process.platform !== 'linux' && performance.now() - lookedAt < quietMs) return;
    const isStopped =
      child.pid !== undefined && child.exitCode === null && isStoppedProcess(child.pid, environment);
    lookedAt = performance.now();
    if (!isStopped) return;
    stopJob();
    // Whoever let this process alone go on means both.
    child.kill('SIGCONT');
  };
  // It comes when a child stops as well as when it ends.
  process.on('SIGCHLD', look);
  return { [Symbol.dispose]: () => void process.off('SIGCHLD', look) };
}

function isStoppedProcess(pid: number, environment: Environment): boolean {
  return (process.platform === 'linux' ? stateOnLinux(pid) : stateByPs(pid, environment)).startsWith('T');
}

/** proc_pid_stat(5): behind the name, which stands in parentheses and may hold some. */
function stateOnLinux(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return '';
  }
}

/** Of a program that only reads the system's tables. */
const mostMs = 2_000;

function stateByPs(pid: number, environment: Environment): string {
  const args = ['-o', 'state=', '-p', String(pid)];
  const limits = { timeout: mostMs, killSignal: 'SIGKILL' } as const;
  return (
    spawnSync(programPath('ps', environment), args, { encoding: 'utf8', ...limits }).stdout?.trim() ?? ''
  );
}
