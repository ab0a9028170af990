/** A stream that exists before its connection does, so that limits, signals and writes have something to hold on to. */

import { Duplex } from 'node:stream';

/** Resolves with what the bytes go through; the signal aborts when nobody wants it any more. */
export type OpenStream = (signal: AbortSignal) => Promise<Duplex>;

/** What is written before the connection stands waits for it. Has those methods of a socket that Node's HTTP agents call. */
export class LateStream extends Duplex {
  /** As a socket's: until the event `connect`. */
  connecting = true;
  /** As a socket's. */
  bytesRead = 0;
  readonly #unwanted = new AbortController();
  #inner: Duplex | undefined;
  #waiting: ((inner: Duplex) => void) | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(open: OpenStream) {
    super({ allowHalfOpen: false });
    open(this.#unwanted.signal).then(
      (inner) => this.#join(inner),
      (error: Error) => this.destroy(error),
    );
  }

  #join(inner: Duplex): void {
    if (this.destroyed) return void inner.destroy();
    this.#inner = inner;
    this.connecting = false;
    inner.on('error', (error) => this.destroy(error));
    inner.on('end', () => this.push(null));
    inner.on('close', () => {
      if (!inner.readableEnded || !inner.writableFinished) this.destroy();
    });
    inner.on('data', (chunk: Buffer) => {
      this.#refresh();
      this.bytesRead += chunk.length;
      if (!this.push(chunk)) inner.pause();
    });
    // It may have been paused on purpose, and a first read of this one has gone unheard.
    inner.resume();
    this.#waiting?.(inner);
    this.emit('connect');
    this.#refresh();
  }

  #withInner(act: (inner: Duplex) => void): void {
    if (this.#inner !== undefined) act(this.#inner);
    else this.#waiting = act;
  }

  override _read(): void {
    this.#inner?.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this._writev([{ chunk }], done);
  }

  override _writev(
    chunks: readonly { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#withInner((inner) => {
      this.#refresh();
      inner.cork();
      for (const { chunk } of chunks.slice(0, -1)) inner.write(chunk);
      inner.write(chunks.at(-1)?.chunk ?? Buffer.alloc(0), done);
      inner.uncork();
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#withInner((inner) => inner.end(() => done()));
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#idle);
    this.#unwanted.abort();
    this.#inner?.destroy();
    done(error);
  }

  /** The event `timeout` after so many milliseconds without a byte either way; 0 is no limit. */
  setTimeout(ms: number, onTimeout?: () => void): this {
    clearTimeout(this.#idle);
    this.#idle = ms > 0 ? setTimeout(() => this.emit('timeout'), ms).unref() : undefined;
    if (onTimeout !== undefined) this.once('timeout', onTimeout);
    return this;
  }

  #refresh(): void {
    this.#idle?.refresh();
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    if (holdsProcess(this.#inner)) this.#inner.ref();
    return this;
  }

  unref(): this {
    if (holdsProcess(this.#inner)) this.#inner.unref();
    return this;
  }
}

interface HoldsProcess extends Duplex {
  ref(): unknown;
  unref(): unknown;
}

function holdsProcess(stream: Duplex | undefined): stream is HoldsProcess {
  return stream !== undefined && 'ref' in stream && 'unref' in stream;
}
