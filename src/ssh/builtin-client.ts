/** The SSH client inside this process: a shell or a command of the session, its forwards, and the exit status. */

import { constants } from 'node:os';
import type { ClientChannel, ExecOptions, ShellOptions } from 'ssh2';
import type { SshWork } from '../core/ssh/ssh-arguments.ts';
import { connectionFailed, wantsTerminal } from '../core/ssh/ssh-client.ts';
import { ProtocolError, reasonOf } from '../errors.ts';
import { ask, noAnswer, type SshQuestion } from './ask.ts';
import type { SshConnection } from './connection.ts';
import { type Escape, EscapeReader, escapeHelp } from './escapes.ts';
import { closeChannel, widenWindow } from './flow-control.ts';
import { type ForwardsOptions, openForwards } from './forwards.ts';
import { pipeWithBackpressure } from './pipe-with-backpressure.ts';
import { RawTerminal, type TerminalStreams } from './terminal.ts';

export interface BuiltinOptions extends TerminalStreams, ForwardsOptions {
  readonly signal: AbortSignal;
  /** Right before the program can print. */
  readonly starting?: (() => void) | undefined;
  /** Forwards stand and the program runs: nothing more is asked or refused. */
  readonly started?: (() => void) | undefined;
}

/** What may wait for a slow reader of the output. */
const mostWaiting = 1024 * 1024;

/**
 * Returns the exit status of the command or shell, 128 + n when signal n ended it, and 255 when nobody told how it ended.
 * Rejects when the connection is lost or interrupted; the terminal is as before in every case.
 */
export async function runBuiltin(
  connection: SshConnection,
  work: SshWork,
  options: BuiltinOptions,
): Promise<number> {
  using forwards = await openForwards(connection, work, options);
  using interruption = interruptionBy(options.signal);
  const over = Promise.race([connection.lost, interruption.promise]);
  over.catch(() => {});
  if (work.runsNothing) {
    options.started?.();
    return await over;
  }
  const needsTerminal = wantsTerminal(work, options.stdin.isTTY === true);
  using terminal = needsTerminal ? new RawTerminal(options) : undefined;
  const started = startWithAgent({ connection, work, options, terminal });
  started.catch(() => {});
  const program = await Promise.race([started, over]);
  options.started?.();
  const status = await Promise.race([program.ended, program.cutOff, over]);
  if (status === undefined) return connectionFailed;
  terminal?.ended();
  // As ssh does: what goes through a forward is not cut off by the end of the command.
  await Promise.race([forwards.idle(), over]);
  return status;
}

interface Interruption extends Disposable {
  /** Only ever rejects. */
  readonly promise: Promise<never>;
}

/** At once, where a transfer would first tidy up over the connection. A process may run many programs under one signal. */
function interruptionBy(signal: AbortSignal): Interruption {
  let stop = (): void => {};
  const promise = new Promise<never>((_, reject) => {
    stop = () => reject(reasonOf(signal));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  return { promise, [Symbol.dispose]: () => signal.removeEventListener('abort', stop) };
}

interface Start {
  readonly connection: SshConnection;
  readonly work: SshWork;
  readonly options: BuiltinOptions;
  readonly terminal: RawTerminal | undefined;
}

interface Parts extends Start {
  readonly channel: ClientChannel;
}

/** As ssh does: a session that takes no agent is told of, and does without. What was asked for already may have run. */
async function startWithAgent(parts: Start): Promise<BuiltinProgram> {
  const { forwardsAgent } = parts.work;
  if (!forwardsAgent) return start(parts, false);
  const askedBefore = parts.connection.programsAsked();
  return start(parts, true).catch(async (error: unknown) => {
    const isAsked = parts.connection.programsAsked() > askedBefore;
    if (isAsked || !(error instanceof ProtocolError)) throw error;
    const program = await start(parts, false);
    parts.options.say('warning: the session refused agent forwarding');
    return program;
  });
}

interface AgentWish extends ShellOptions, ExecOptions {
  readonly agentForward: boolean;
}

async function start(parts: Start, agentForward: boolean): Promise<BuiltinProgram> {
  const { connection, options: local, terminal } = parts;
  const { command } = parts.work;
  const what = command === undefined ? 'shell' : 'command';
  const question: SshQuestion<BuiltinProgram> = {
    send(done) {
      const opened = (error: Error | undefined, channel: ClientChannel): void => {
        // In this very turn: a short program has ended in the packets that follow.
        if (error === undefined) local.starting?.();
        if (error) done(notStarted(what, error));
        else done(undefined, new BuiltinProgram({ ...parts, channel }));
      };
      const size = terminal?.size;
      // ssh2's declared types leave the wish out.
      const options: AgentWish = { agentForward };
      if (command === undefined) connection.client.shell(size ?? false, options, opened);
      else connection.client.exec(command, { ...options, ...(size && { pty: size }) }, opened);
    },
    late: (seconds) => notStartedInTime(connection.place, what, seconds),
    drop: (program) => program[Symbol.dispose](),
  };
  return await ask(question, { ...connection, signal: local.signal });
}

export function notStartedInTime(place: string, what: 'shell' | 'command', seconds: number): Error {
  return noAnswer(`${place} did not start the ${what}`, seconds);
}

function notStarted(what: string, cause: Error): ProtocolError {
  return new ProtocolError(`the session starts no ${what}`, {
    code: 'no-exec',
    hint: 'try again; the login shell of the account may be missing in the image',
    cause,
  });
}

class BuiltinProgram implements Disposable {
  /** Its exit status, or nothing when the session does not tell. */
  readonly ended: Promise<number | undefined>;
  /** Resolves when the user leaves it with `~.`, whatever the session may have to say. */
  readonly cutOff: Promise<undefined>;
  #cutOff: () => void = () => {};
  readonly #parts: Parts;
  readonly #escapes: EscapeReader | undefined;
  #status: number | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { channel, options, connection, terminal } = parts;
    widenWindow(channel);
    const out = pipeWithBackpressure(channel, options.stdout, { stop: connection.flow, mostWaiting });
    const errors = pipeWithBackpressure(channel.stderr, options.stderr, {
      stop: connection.flow,
      mostWaiting,
    });
    channel.on('exit', (code: unknown, signal: unknown) => {
      this.#status = statusOf(code, signal);
    });
    const closed = new Promise<void>((resolve) => channel.once('close', () => resolve()));
    this.#escapes = terminal && options.stdin.isTTY ? new EscapeReader(process.platform) : undefined;
    this.#feed();
    const stop = this.#followTerminal();
    this.cutOff = new Promise((resolve) => {
      this.#cutOff = () => resolve(undefined);
    });
    this.ended = Promise.all([closed, out, errors]).then(() => {
      stop();
      return this.#status ?? this.#endUntold();
    });
    // Of one that started when nobody waited for it any more nobody wants to know.
    this.ended.catch(() => {});
  }

  [Symbol.dispose](): void {
    closeChannel(this.#parts.channel);
  }

  #endUntold(): undefined {
    const { options } = this.#parts;
    if (options.signal.aborted) throw reasonOf(options.signal);
    options.say('warning: the session did not say how the command ended');
    return undefined;
  }

  #feed(): void {
    const { channel, work, options } = this.#parts;
    const { stdin } = options;
    if (work.readsNothing) return void channel.end();
    stdin.on('data', (chunk: Buffer) => this.#type(chunk));
    // A program before this one has left it paused.
    stdin.ref?.();
    stdin.resume();
    const end = (): void => void channel.end();
    // What cannot be read has ended.
    const ends = ['end', 'error'] as const;
    for (const event of ends) stdin.once(event, end);
    channel.on('drain', () => stdin.resume());
    channel.once('close', () => {
      stdin.removeAllListeners('data');
      for (const event of ends) stdin.off(event, end);
      stdin.pause();
      stdin.unref?.();
    });
    // The far side takes no more, which is its own affair: `head` has read enough.
    channel.on('error', () => {});
  }

  #type(chunk: Buffer): void {
    const { channel, options } = this.#parts;
    const typed = this.#escapes?.read(chunk);
    const bytes = typed?.bytes ?? chunk;
    if (bytes.length > 0 && channel.writable && !channel.write(bytes)) options.stdin.pause();
    if (typed?.escape === undefined) return;
    this.#obey(typed.escape);
    if (typed.escape !== 'disconnect' && typed.rest.length > 0) this.#type(typed.rest);
  }

  #obey(wish: Escape): void {
    const { options, terminal } = this.#parts;
    if (wish === 'help') options.stderr.write(`\r\n${escapeHelp(process.platform).join('\r\n')}\r\n`);
    else if (wish === 'suspend') terminal?.suspend();
    else this.#cutOff();
  }

  /** Returns what stops it. */
  #followTerminal(): () => void {
    const { channel, options, terminal } = this.#parts;
    if (terminal === undefined) return () => {};
    const tell = (): void => {
      const { rows, cols } = terminal.size;
      channel.setWindow(rows, cols, 0, 0);
    };
    options.stdout.on('resize', tell);
    return () => options.stdout.off('resize', tell);
  }
}

function statusOf(code: unknown, signal: unknown): number | undefined {
  if (typeof code === 'number') return code & 0xff;
  if (typeof signal !== 'string') return undefined;
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return 128 + (numbers[signal.startsWith('SIG') ? signal : `SIG${signal}`] ?? 0);
}
