/**
 * Calls to this machine's file system, made where they cost least. A disk that answers at once, as the page cache does,
 * is asked right here: to hand a call to one of Node's threads costs four times as much as the call. One that keeps us
 * waiting is asked by those threads, several at a time, and everything else goes on.
 */

import fs, { type BigIntStats, type Stats } from 'node:fs';
import { promisify } from 'node:util';
import { noneIfMissing } from '../../core/undefined-if-missing.ts';
import { onceFree } from '../../files/held-files.ts';

/** A call that takes longer had to wait for the disk. */
const waitedMs = 0.5;
/** So many calls go to the threads then, before the disk is tried here again. */
const callsOfThreads = 32;

/** To copy this much takes as long as a hand-over, and nothing else goes on meanwhile. */
const largeBytes = 64 * 1024;

let leftToThreads = 0;

/** Several calls that belong together are one. */
export function ask<T>(here: () => T, byThread: () => Promise<T>): T | Promise<T> {
  if (leftToThreads > 0) {
    leftToThreads -= 1;
    return byThread();
  }
  const startedAt = performance.now();
  try {
    return here();
  } finally {
    if (performance.now() - startedAt > waitedMs) leftToThreads = callsOfThreads;
  }
}

/** Links followed. */
export async function stat(path: string): Promise<Stats> {
  return ask(
    () => fs.statSync(path),
    () => fs.promises.stat(path),
  );
}

/** Nothing where nothing is; a link to nothing is something. */
export async function lstatIfThere(path: string): Promise<Stats | undefined> {
  return ask(
    // An error, with its stack, costs more than the call.
    () => fs.lstatSync(path, { throwIfNoEntry: false }),
    () => fs.promises.lstat(path).catch(noneIfMissing),
  );
}

/** What a file is known by, whatever names it has: device and number. */
export async function fileIdOf(path: string): Promise<string> {
  return idOf(
    await ask(
      () => fs.lstatSync(path, { bigint: true }),
      () => fs.promises.lstat(path, { bigint: true }),
    ),
  );
}

export async function realpath(path: string): Promise<string> {
  return ask(
    () => fs.realpathSync.native(path),
    () => fs.promises.realpath(path),
  );
}

/** Waits on Windows for other programs to let go of what has the name, as does `unlink`. */
export function rename(from: string, to: string): Promise<void> {
  return onceFree({ path: to, action: 'replaced' }, async () =>
    ask(
      () => fs.renameSync(from, to),
      () => fs.promises.rename(from, to),
    ),
  );
}

export function unlink(path: string): Promise<void> {
  return onceFree({ path, action: 'removed' }, async () =>
    ask(
      () => fs.unlinkSync(path),
      () => fs.promises.unlink(path),
    ),
  );
}

/** An open file. To be closed; from then on every call rejects, for its number may be another file's. */
export class LocalFile {
  readonly #descriptor: number;
  readonly #pending = new Set<Promise<unknown>>();
  #isClosed = false;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  static async open(path: string, flags: number, mode?: number): Promise<LocalFile> {
    return new LocalFile(
      await ask(
        () => fs.openSync(path, flags, mode),
        () => byThreads.open(path, flags, mode),
      ),
    );
  }

  async stat(): Promise<Stats> {
    return this.#use(
      (descriptor) => fs.fstatSync(descriptor),
      (descriptor) => byThreads.fstat(descriptor),
    );
  }

  /** As `fileIdOf`. */
  async id(): Promise<string> {
    return (await this.identify()).id;
  }

  /** What it is known by, and how large it is. */
  async identify(): Promise<{ readonly id: string; readonly size: number }> {
    const found = await this.#use(
      (descriptor) => fs.fstatSync(descriptor, { bigint: true }),
      (descriptor) => byThreads.fstatExactly(descriptor),
    );
    return { id: idOf(found), size: Number(found.size) };
  }

  /** Bytes read; 0 at its end. */
  async read(into: Buffer, position: number): Promise<number> {
    return this.#use(
      (descriptor) => fs.readSync(descriptor, into, 0, into.length, position),
      (descriptor) => byThreads.read(descriptor, into, position),
      into.length,
    );
  }

  /** All of them. */
  async write(bytes: Buffer, position: number): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      const rest = bytes.subarray(written);
      const at = position + written;
      written += await this.#use(
        (descriptor) => fs.writeSync(descriptor, rest, 0, rest.length, at),
        (descriptor) => byThreads.write(descriptor, rest, at),
        rest.length,
      );
    }
  }

  async setMode(mode: number): Promise<void> {
    return this.#use(
      (descriptor) => fs.fchmodSync(descriptor, mode),
      (descriptor) => byThreads.setMode(descriptor, mode),
    );
  }

  /** Seconds since 1970. */
  async setTimes(accessedAt: number, modifiedAt: number): Promise<void> {
    return this.#use(
      (descriptor) => fs.futimesSync(descriptor, accessedAt, modifiedAt),
      (descriptor) => byThreads.setTimes(descriptor, accessedAt, modifiedAt),
    );
  }

  /** Always by a thread: it waits for the disk by its nature. */
  async sync(): Promise<void> {
    this.#check();
    return this.#track(byThreads.sync(this.#descriptor));
  }

  /** When the calls that threads still have in hand are done; a second time it does nothing. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.allSettled(this.#pending);
    const descriptor = this.#descriptor;
    return ask(
      () => fs.closeSync(descriptor),
      () => byThreads.close(descriptor),
    );
  }

  /** `bytes` that are copied, for calls that do. */
  #use<T>(
    here: (descriptor: number) => T,
    byThread: (descriptor: number) => Promise<T>,
    bytes = 0,
  ): T | Promise<T> {
    this.#check();
    const descriptor = this.#descriptor;
    const threaded = (): Promise<T> => this.#track(byThread(descriptor));
    return bytes > largeBytes ? threaded() : ask(() => here(descriptor), threaded);
  }

  #check(): void {
    if (this.#isClosed) throw Object.assign(new Error('the file is closed'), { code: 'EBADF' });
  }

  #track<T>(call: Promise<T>): Promise<T> {
    this.#pending.add(call);
    const forget = (): void => void this.#pending.delete(call);
    call.then(forget, forget);
    return call;
  }
}

function idOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

/** By its callback: not every runtime gives `promisify` the count. */
function counted(start: (done: (error: Error | null, bytes: number) => void) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    start((error, bytes) => (error ? reject(error) : resolve(bytes)));
  });
}

const fstatByThread = promisify(fs.fstat);

/** The same calls by a thread; file descriptors, unlike Node's own handles, can be used in both ways. */
const byThreads = {
  open: promisify(fs.open) as (path: string, flags: number, mode?: number) => Promise<number>,
  fstat: (descriptor: number): Promise<Stats> => fstatByThread(descriptor),
  fstatExactly: (descriptor: number): Promise<BigIntStats> => fstatByThread(descriptor, { bigint: true }),
  read: (descriptor: number, into: Buffer, position: number): Promise<number> =>
    counted((done) => fs.read(descriptor, into, 0, into.length, position, done)),
  write: (descriptor: number, bytes: Buffer, position: number): Promise<number> =>
    counted((done) => fs.write(descriptor, bytes, 0, bytes.length, position, done)),
  setMode: promisify(fs.fchmod),
  setTimes: promisify(fs.futimes),
  sync: promisify(fs.fsync),
  close: promisify(fs.close),
};
