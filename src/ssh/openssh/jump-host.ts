/** A connection that the system's ssh makes from another host, over its stdin and stdout (`ssh -W`). */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { sanitizeLine } from '../../core/text/sanitize.ts';
import { LocalSystemError, systemCode, UnreachableError } from '../../errors.ts';
import { programPath } from '../programs.ts';

interface JumpOptions {
  /** Where ssh is looked for. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For ssh; see `core/ssh/jump-hosts.ts`. */
  readonly args: readonly string[];
  /** For messages: the hosts as the user wrote them. */
  readonly hops: string;
  /** What is to be reached from there, for messages. */
  readonly target: string;
}

/** Characters of ssh's own words, from the end. */
const mostSaid = 1_000;

/** ssh asks on the terminal what it has to ask. What it says besides is told when there is no way. */
export function openThroughJump(options: JumpOptions): Duplex {
  return new JumpStream(options);
}

/** With those methods of a socket that Node's HTTP agents call. */
class JumpStream extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #options: JumpOptions;
  #hasRead = false;
  #said = '';

  constructor(options: JumpOptions) {
    super({ allowHalfOpen: true });
    this.#options = options;
    this.#child = spawn(programPath('ssh', options.environment), options.args, { stdio: 'pipe' });
    const { stdin, stdout, stderr } = this.#child;
    this.#child.once('error', (cause) => this.destroy(notStarted(cause)));
    // After its output has been read to the end.
    this.#child.once('close', (code) => this.#ended(code));
    stdin.on('error', () => {});
    stdout.on('error', () => {});
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-mostSaid);
    });
    stdout.on('data', (chunk: Buffer) => {
      this.#hasRead = true;
      if (!this.push(chunk)) stdout.pause();
    });
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // What ssh takes no more is told by its end.
    this.#child.stdin.write(chunk, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#child.kill();
    done(error);
  }

  #ended(code: number | null): void {
    if (this.destroyed) return;
    if (this.#hasRead || code === 0) this.push(null);
    else this.destroy(noWay(this.#options, this.#said));
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    this.#child.ref();
    return this;
  }

  unref(): this {
    this.#child.unref();
    return this;
  }
}

function noWay({ hops, target }: JumpOptions, said: string): UnreachableError {
  const why = said
    .trim()
    .split(/\s*[\r\n]+\s*/)
    .map(sanitizeLine)
    .join('; ');
  const message = `there is no way to ${target} through the jump host ${hops}${why && `: ${why}`}`;
  return new UnreachableError(message, {
    code: 'jump-failed',
    hint: 'try `ssh` to that host on its own; whatever it needs belongs in your ssh configuration',
  });
}

function notStarted(cause: Error): Error {
  if (systemCode(cause) !== 'ENOENT') return cause;
  return new LocalSystemError('a jump host needs the program "ssh", which is not on this machine', {
    code: 'no-ssh',
    hint: 'install the OpenSSH client',
    cause,
  });
}
