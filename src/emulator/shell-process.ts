/**
 * Runs what a client asks for: a shell or a command, with or without a terminal.
 *
 * There is no container. A session of the emulator is a folder on its user's own machine, and its processes are
 * that user's own processes: they start in the session's home, but nothing else confines them.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { platform } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { clientHome } from './home.ts';

export interface Terminal {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
}

export interface ShellRequest {
  readonly home: string;
  /** Left out: a login shell. */
  readonly command?: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly terminal?: Terminal;
}

export interface ShellProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when the process and everything that holds its output has ended. */
  readonly ended: Promise<ShellEnd>;
  resize(rows: number, columns: number): void;
  /** Signals the process and its group; false when there is nobody left to signal. */
  kill(signal: NodeJS.Signals | 0): boolean;
}

export type ShellEnd =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals };

const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const shell = existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh';
const scriptProgram = ['/usr/bin/script', '/bin/script'].find((path) => existsSync(path));

/**
 * A terminal comes from util-linux's `script`; where that is missing (other systems than Linux) an interactive
 * shell runs on pipes instead: prompts and commands work, full-screen programs do not.
 */
export function startShell(request: ShellRequest): ShellProcess {
  const { terminal } = request;
  if (terminal !== undefined && platform() === 'linux' && scriptProgram !== undefined) {
    return startOnTerminal(request, terminal, scriptProgram);
  }
  const interactive = terminal === undefined ? [] : ['-i'];
  const args =
    request.command === undefined ? ['-l', ...interactive] : ['-c', inHome(request.command, request.home)];
  const child = spawn(shell, args, { ...options(request), stdio: ['pipe', 'pipe', 'pipe'] });
  return processOf(child, () => undefined);
}

function startOnTerminal(request: ShellRequest, terminal: Terminal, program: string): ShellProcess {
  const what =
    request.command === undefined
      ? `${shell} -l`
      : `${shell} -c ${quoted(inHome(request.command, request.home))}`;
  // Descriptor 3 tells which terminal it is, so that a later resize can be applied from outside.
  const size = (rows: number, columns: number) => `rows ${rows} cols ${columns}`;
  const line = `tty >&3; exec 3>&-; stty ${size(terminal.rows, terminal.columns)}; exec ${what}`;
  const { cwd, env, detached } = options(request);
  const child = spawn(program, ['-qefc', line, '/dev/null'], {
    cwd,
    detached,
    env: { ...env, TERM: terminal.name },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const device = firstLine(child);
  return processOf(child, (rows, columns) => {
    void device.then((path) => {
      if (path === undefined) return;
      const stty = spawn('stty', ['-F', path, 'rows', String(rows), 'cols', String(columns)], {
        stdio: 'ignore',
      });
      stty.on('error', () => undefined);
    });
  });
}

function options({ home, environment }: ShellRequest) {
  const env: NodeJS.ProcessEnv = {
    PATH: searchPath,
    LANG: 'C.UTF-8',
    ...environment,
    HOME: home,
    USER: 'work',
    LOGNAME: 'work',
    SHELL: shell,
  };
  // A group of its own, so that everything it starts can be ended with it.
  return { cwd: home, env, detached: true };
}

/**
 * Clients know the home as /home/work, which does not exist on this machine: a command that names it means the
 * session's folder (old-protocol scp and rsync depend on it).
 */
function inHome(command: string, home: string): string {
  if (!/^[\w./-]+$/.test(home)) return command;
  const mention = new RegExp(`(?<![\\w./-])${clientHome}(?![\\w.-])`, 'g');
  return command.replace(mention, home);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function firstLine(child: ChildProcess): Promise<string | undefined> {
  const pipe = child.stdio[3];
  return new Promise((resolve) => {
    if (pipe === null || pipe === undefined || !('setEncoding' in pipe)) return resolve(undefined);
    pipe.setEncoding('utf8');
    pipe.on('error', () => resolve(undefined));
    pipe.on('close', () => resolve(undefined));
    pipe.once('data', (text: string) => resolve(text.split('\n')[0]));
  });
}

function processOf(child: ChildProcess, resize: ShellProcess['resize']): ShellProcess {
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error('the process has no pipes');
  // A program that ends before it has read its input closes the pipe: that is no failure.
  stdin.on('error', () => stdin.destroy());
  const ended = new Promise<ShellEnd>((resolve) => {
    child.on('error', () => resolve({ kind: 'exit', code: 127 }));
    child.on('close', (code, signal) => {
      resolve(signal === null ? { kind: 'exit', code: code ?? 255 } : { kind: 'signal', signal });
    });
  });
  return { stdin, stdout, stderr, ended, resize, kill: (signal) => killGroup(child, signal) };
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  try {
    return process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
