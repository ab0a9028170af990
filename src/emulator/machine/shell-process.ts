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
import type { Home } from './home.ts';
import { endTree, windowsShell } from './windows-shell.ts';

export interface Terminal {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
}

interface ShellRequest {
  /** The account it runs as, by its name. */
  readonly user: string;
  readonly home: Home;
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
  | {
      readonly kind: 'exit';
      readonly code: number /** Why nothing was run, for whoever waits. */;
      readonly problem?: string;
    }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals };

const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const shell = existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh';
const scriptProgram = systemProgram('script');

/** By its whole path: PATH may begin with a folder that somebody else has filled. */
export function systemProgram(name: string): string | undefined {
  return searchPath
    .split(':')
    .map((folder) => `${folder}/${name}`)
    .find((path) => existsSync(path));
}

/**
 * A terminal comes from util-linux's `script`; where that is missing (other systems than Linux) an interactive
 * shell runs on pipes instead: prompts and commands work, full-screen programs do not.
 */
export function startShell(request: ShellRequest): ShellProcess {
  const { terminal } = request;
  if (platform() === 'win32') return startOnWindows(request);
  if (terminal !== undefined && platform() === 'linux' && scriptProgram !== undefined) {
    return startOnTerminal(request, terminal, scriptProgram);
  }
  const interactive = terminal === undefined ? [] : ['-i'];
  const args =
    request.command === undefined ? ['-l', ...interactive] : ['-c', inHome(request.command, request.home)];
  const child = spawn(shell, args, { ...options(request), stdio: ['pipe', 'pipe', 'pipe'] });
  return processOf(child, () => undefined);
}

function startOnWindows({ user, home, command, environment }: ShellRequest): ShellProcess {
  const { program, args, env } = windowsShell(
    { user, folder: home.folder, command, environment },
    process.env,
  );
  const child = spawn(program, args, {
    ...{ cwd: home.folder, env, windowsHide: true, windowsVerbatimArguments: true },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return processOf(child, () => undefined);
}

function startOnTerminal(request: ShellRequest, terminal: Terminal, program: string): ShellProcess {
  const what =
    request.command === undefined
      ? `${shell} -l`
      : `${shell} -c ${quoted(inHome(request.command, request.home))}`;
  // Descriptor 3 tells which terminal it is and who leads its session, for a resize and signals from outside.
  const size = (rows: number, columns: number) => `rows ${rows} cols ${columns}`;
  const line = `tty >&3; echo $$ >&3; exec 3>&-; stty ${size(terminal.rows, terminal.columns)}; exec ${what}`;
  const { cwd, env, detached } = options(request);
  const child = spawn(program, ['-qefc', line, '/dev/null'], {
    cwd,
    detached,
    env: { ...env, TERM: terminal.name },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const inside = linesOnThree(child);
  let leader: number | undefined;
  void inside.then(([, pid]) => {
    leader = pid === undefined ? undefined : Number(pid);
  });
  const shellProcess = processOf(child, (rows, columns) => {
    void inside.then(([device]) => {
      const program = systemProgram('stty');
      if (device === undefined || program === undefined) return;
      const stty = spawn(program, ['-F', device, 'rows', String(rows), 'cols', String(columns)], {
        stdio: 'ignore',
      });
      stty.on('error', () => undefined);
    });
  });
  // `script` itself ignores a hang-up; it ends when what runs inside has ended.
  const kill: ShellProcess['kill'] = (signal) => {
    const isTold = signal !== 'SIGKILL' && killGroup(leader, signal);
    return isTold || shellProcess.kill(signal);
  };
  return { ...shellProcess, kill };
}

function options({ user, home, environment }: ShellRequest) {
  const env: NodeJS.ProcessEnv = {
    PATH: searchPath,
    LANG: 'C.UTF-8',
    ...environment,
    HOME: home.folder,
    USER: user,
    LOGNAME: user,
    SHELL: shell,
  };
  // A group of its own, so that everything it starts can be ended with it.
  return { cwd: home.folder, env, detached: true };
}

/**
 * Clients know the home by a path such as /home/work, which does not exist on this machine: a command that names it means
 * the folder (old-protocol scp and rsync depend on it).
 */
function inHome(command: string, { folder, path }: Home): string {
  if (!/^[\w./-]+$/.test(folder)) return command;
  const mention = new RegExp(`(?<![\\w./-])${path}(?![\\w.-])`, 'g');
  return command.replace(mention, folder);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The two lines that come over descriptor 3, or fewer; `script` keeps it open. */
function linesOnThree(child: ChildProcess): Promise<readonly string[]> {
  const pipe = child.stdio[3];
  return new Promise((resolve) => {
    if (pipe === null || pipe === undefined || !('setEncoding' in pipe)) return resolve([]);
    let text = '';
    const done = (): void => resolve(text.split('\n').slice(0, -1));
    pipe.setEncoding('utf8');
    pipe.on('data', (chunk: string) => {
      text += chunk;
      if (text.split('\n').length > 2) done();
    });
    pipe.on('error', done);
    pipe.on('close', done);
  });
}

function processOf(child: ChildProcess, resize: ShellProcess['resize']): ShellProcess {
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error('the process has no pipes');
  // A program that ends before it has read its input closes the pipe: that is no failure.
  stdin.on('error', () => stdin.destroy());
  const ended = new Promise<ShellEnd>((resolve) => {
    child.on('error', (error) => resolve({ kind: 'exit', code: 127, problem: notStarted(child, error) }));
    child.on('close', (code, signal) => {
      resolve(signal === null ? { kind: 'exit', code: code ?? 255 } : { kind: 'signal', signal });
    });
  });
  return { stdin, stdout, stderr, ended, resize, kill: (signal) => killGroup(child.pid, signal) };
}

/** The folder that it was to start in may be what is missing. */
function notStarted({ spawnfile }: ChildProcess, error: NodeJS.ErrnoException): string {
  const why = error.code === 'ENOENT' ? "it, or the session's home, is not there" : error.message;
  return `${spawnfile} could not be started: ${why}`;
}

function killGroup(leader: number | undefined, signal: NodeJS.Signals | 0): boolean {
  if (leader === undefined) return false;
  try {
    if (platform() !== 'win32') return process.kill(-leader, signal);
    // Whether it is there, and then whatever signal: none of them means anything but the end.
    process.kill(leader, 0);
    if (signal !== 0) endTree(leader, process.env);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
