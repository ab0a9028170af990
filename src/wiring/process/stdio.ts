/**
 * The streams of the process, each opened when it is first used. Whether a pipe or a socket blocks is a property of the
 * open file, which other programs share: Node would change it for all of them, and for good when it is killed.
 */

import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChildStdio, LocalInput, LocalOutput, LocalStreams } from '../../core/local-streams.ts';
import { systemCode } from '../../errors.ts';
import { BlockingWrites, OwnOutput, type Sink, socketSink } from './own-output.ts';

interface Stdio extends LocalStreams {
  /** For a program that gets the streams of this process; it may do with them as it likes. */
  forChild(): ChildStdio;
  /** Resolves when what was written is out, or nobody has taken it in time. */
  settle(mostMs: number): Promise<void>;
}

export function openStdio(): Stdio {
  const blocking = new BlockingWrites(isSameFile(1, 2));
  const [input, out, errors] = [ownInput(), ownOutput(1, blocking), ownOutput(2, blocking)];
  replaceOfNode({ stdin: input, stdout: out, stderr: errors });
  return {
    get stdin(): LocalInput {
      return process.stdin;
    },
    get stdout(): LocalOutput {
      return process.stdout;
    },
    get stderr(): LocalOutput {
      return process.stderr;
    },
    forChild,
    async settle(mostMs) {
      const written = Promise.all([untilWritten(out), untilWritten(errors)]);
      await Promise.race([written, delay(mostMs, undefined, { ref: false })]);
    },
  };
}

/** Nothing for a file or a terminal: Node opens the latter anew by itself. */
function kindOf(fd: number): 'pipe' | 'socket' | undefined {
  if (process.platform === 'win32') return undefined;
  const found = fstatSync(fd);
  if (found.isFIFO()) return 'pipe';
  return found.isSocket() ? 'socket' : undefined;
}

function isSameFile(one: number, other: number): boolean {
  const [a, b] = [fstatSync(one), fstatSync(other)];
  return a.dev === b.dev && a.ino === b.ino;
}

/** Libraries ask the process for its streams too. */
function replaceOfNode(streams: Readonly<Record<string, Readable | OwnOutput | undefined>>): void {
  for (const [name, stream] of Object.entries(streams)) {
    if (stream === undefined) continue;
    Object.defineProperty(process, name, { configurable: true, enumerable: true, get: () => stream });
  }
}

function ownInput(): OwnInput | undefined {
  const byNode = Object.getOwnPropertyDescriptor(process, 'stdin');
  return kindOf(0) === undefined ? undefined : new OwnInput(() => byNode?.get?.call(process));
}

function ownOutput(fd: number, blocking: BlockingWrites): OwnOutput | undefined {
  if (kindOf(fd) === undefined) return undefined;
  return new OwnOutput((): Sink => {
    const own = openAgain(fd, constants.O_WRONLY);
    return own === undefined ? blocking.sinkOf(fd) : socketSink(own);
  });
}

/** Deno makes no socket of a file that is open. */
const canReopen = process.platform === 'linux' && process.versions['deno'] === undefined;

/**
 * An open file of this process's own on the same pipe. Linux alone makes one (elsewhere `/dev/fd` gives the same one
 * again), of pipes alone, and only for the user that made the pipe.
 */
function openAgain(fd: number, access: number): number | undefined {
  if (!canReopen || kindOf(fd) !== 'pipe') return undefined;
  try {
    return openSync(`/proc/self/fd/${fd}`, access | constants.O_NONBLOCK);
  } catch (error) {
    // ENXIO: nobody reads it any more, which a write will tell.
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

function forChild(): ChildStdio {
  const accesses = [constants.O_RDONLY, constants.O_WRONLY, constants.O_WRONLY];
  const stdio = accesses.map((access, fd) => openAgain(fd, access) ?? 'inherit');
  return {
    stdio,
    [Symbol.dispose]() {
      for (const fd of stdio) if (fd !== 'inherit') closeSync(fd);
    },
  };
}

function untilWritten(stream: OwnOutput | undefined): Promise<void> {
  if (!stream?.writable || stream.writableLength === 0) return Promise.resolve();
  return new Promise((resolve) => void stream.write('', () => resolve()));
}

/** Not a byte is read before somebody asks for one. */
class OwnInput extends Readable {
  readonly #ofNode: () => LocalInput;
  #source: LocalInput | undefined;
  #isReferenced = true;

  constructor(ofNode: () => LocalInput) {
    super();
    this.#ofNode = ofNode;
  }

  override _read(): void {
    this.#source ??= this.#open();
    this.#source.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#source?.destroy();
    done(error);
  }

  /** What cannot be opened anew is read as Node, and ssh, read it. */
  #open(): LocalInput {
    const fd = openAgain(0, constants.O_RDONLY);
    const source = fd === undefined ? this.#ofNode() : new Socket({ fd, readable: true, writable: false });
    source.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) source.pause();
    });
    source.once('end', () => this.push(null));
    source.on('error', (error) => this.destroy(error));
    if (!this.#isReferenced) source.unref?.();
    return source;
  }

  ref(): this {
    return this.#refer(true);
  }

  unref(): this {
    return this.#refer(false);
  }

  #refer(isReferenced: boolean): this {
    this.#isReferenced = isReferenced;
    if (isReferenced) this.#source?.ref?.();
    else this.#source?.unref?.();
    return this;
  }
}
