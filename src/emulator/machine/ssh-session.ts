/** One SSH session channel: shell, exec and the SFTP subsystem, with terminal, environment and signals. */

import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { ServerChannel, Session } from 'ssh2';
import { forgetWaiting } from '../../ssh/ssh2-internals.ts';
import type { FaultBook } from '../model/faults.ts';
import type { Home } from './home.ts';
import { serveSftp } from './sftp-server.ts';
import { type ShellProcess, startShell, type Terminal } from './shell-process.ts';

/** What one SSH server does differently from another. */
export interface SshBehaviour {
  /** Of its greeting, behind `SSH-2.0-`. */
  readonly sshIdent: string;
  /** A longer command ends the connection. */
  readonly longestCommand: number;
  /** False: the image brings no file server. */
  readonly hasSftp?: boolean;
}

interface SshSessionDeps {
  readonly user: string;
  readonly home: Home;
  readonly environment: Readonly<Record<string, string>>;
  readonly behaviour: SshBehaviour;
  readonly faults: FaultBook;
  /** Aborted when the connection is gone. */
  readonly signal: AbortSignal;
  started(shell: ShellProcess): void;
  disconnect(): void;
}

/** Resolves when the session's process has ended, or at once when the client never starts one. */
export function serveSession(session: Session, deps: SshSessionDeps): Promise<void> {
  const environment: Record<string, string> = { ...deps.environment };
  let terminal: Terminal | undefined;
  let shell: ShellProcess | undefined;
  let task = Promise.resolve();
  session.on('env', (accept, _reject, { key, val }) => {
    environment[key] = val;
    accept?.();
  });
  const { faults } = deps;
  session.on('pty', (accept, _reject, info) => {
    if (faults.isSilentAt('pty-req')) return;
    terminal = { name: info.term || 'xterm', rows: info.rows || 24, columns: info.cols || 80 };
    accept();
  });
  session.on('window-change', (accept, _reject, { rows, cols }) => {
    shell?.resize(rows, cols);
    accept?.();
  });
  session.on('signal', (accept, _reject, { name }) => {
    const signal = signalNamed(name);
    if (signal !== undefined) shell?.kill(signal);
    accept?.();
  });
  const run = (channel: ServerChannel, command?: string) => {
    if (terminal !== undefined && process.platform === 'win32') return refuseTerminal(channel);
    shell = startShell({
      user: deps.user,
      home: deps.home,
      environment,
      ...(command === undefined ? {} : { command }),
      ...(terminal === undefined ? {} : { terminal }),
    });
    deps.started(shell);
    task = runShell(shell, channel, deps.signal);
  };
  session.on('auth-agent', (_accept, reject) => {
    if (!faults.isSilentAt('auth-agent-req')) reject?.();
  });
  session.on('shell', (accept) => {
    if (!faults.isSilentAt('shell')) run(accept());
  });
  session.on('exec', (accept, _reject, { command }) => {
    if (faults.isSilentAt('exec')) return;
    if (Buffer.byteLength(command) > deps.behaviour.longestCommand) return deps.disconnect();
    run(accept(), command);
  });
  session.on('subsystem', (accept, reject, { name }) => {
    if (name !== 'sftp' || deps.behaviour.hasSftp === false) return reject();
    if (faults.isSilentAt('subsystem')) return;
    task = serveSftp(accept(), { home: deps.home, faults });
  });
  return new Promise((resolve) => {
    const done = () => resolve(task);
    if (deps.signal.aborted) done();
    deps.signal.addEventListener('abort', done, { once: true });
    session.on('close', done);
  });
}

/** A shell that reads from a pipe would not see what is typed until its end. */
function refuseTerminal(channel: ServerChannel): void {
  channel.stderr.write(
    'bai local: sessions on Windows have no terminal; `bai ssh SESSION -- COMMAND` runs one by cmd.exe\r\n',
  );
  channel.exit(1);
  channel.end();
}

/** `signal`: the connection is gone; a channel with unread output does not say so by itself. */
async function runShell(shell: ShellProcess, channel: ServerChannel, signal: AbortSignal): Promise<void> {
  const gone = new Promise<void>((resolve) => {
    channel.once('close', () => resolve());
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  let isOver = false;
  void gone.then(() => isOver || shell.kill('SIGHUP'));
  // `pipeline` would destroy the channel, and the output with it, when a program closes its input unread.
  channel.pipe(shell.stdin);
  shell.stdin.on('close', () => channel.resume());
  const turns = createTurns(channel, gone);
  const outputs = [
    pump(shell.stdout, channel, turns),
    pump(shell.stderr, channel.stderr, turns),
    // A client that is gone breaks these streams; the process ends by the hang-up.
  ].map((output) => output.catch(() => undefined));
  const end = await shell.ended;
  await Promise.all(outputs);
  if (end.kind === 'exit' && end.problem !== undefined && channel.writable)
    channel.stderr.write(`bai local: ${end.problem}\n`);
  isOver = true;
  if (signal.aborted || !channel.writable) return;
  await flushed(channel);
  if (end.kind === 'exit') channel.exit(end.code);
  else channel.exit(end.signal.slice(3), false, '');
  channel.end();
}

type Turns = (write: (done: () => void) => void) => Promise<void>;

/**
 * One write at a time over both outputs: ssh2 wakes only one of them when the client's window opens again, and the
 * other would wait for ever. Ends when the client is `gone`.
 */
function createTurns(channel: ServerChannel, gone: Promise<void>): Turns {
  let last: Promise<void> = Promise.resolve();
  return (write) => {
    last = last
      .then(() => Promise.race([gone, new Promise<void>((done) => write(done))]))
      .then(() => forgetWaiting(channel));
    return last;
  };
}

async function pump(source: Readable, target: Writable, turns: Turns): Promise<void> {
  for await (const chunk of source) {
    // ssh2 ends both streams when the client closes the channel; what the program still prints is for nobody.
    await turns((done) => (target.writable ? target.write(chunk, () => done()) : done()));
  }
}

/** Resolves once everything written before has gone out, or the channel is gone. */
function flushed(channel: ServerChannel): Promise<void> {
  return new Promise((resolve) => {
    channel.once('close', () => resolve());
    channel.write(Buffer.alloc(0), () => resolve());
  });
}

/** The names on the wire are those of the system without their first three letters. */
function signalNamed(name: string): NodeJS.Signals | undefined {
  const wanted = `SIG${name}`;
  return Object.keys(constants.signals).find((known): known is NodeJS.Signals => known === wanted);
}
