/** A WebSocket that says farewell before it hangs up, whenever that is. */

import type { ClientRequest } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type ClientOptions, WebSocket } from 'ws';

/** How long the manager may take to answer a farewell. */
const closing = { closeTimeout: 2_000 };
/** How long an upgrade that nobody waits for any more may take. */
const givenUpMs = 10_000;

/**
 * A manager closes its connection to the app when it hears a farewell. Where the WebSocket's own connection just ends, 26.9.6
 * keeps the other one for minutes, and with it one of the places that sshd has for strangers.
 */
export class LeavingWebSocket extends WebSocket {
  readonly #request: ClientRequest | undefined;
  #isUnref = false;

  constructor(url: URL, options: ClientOptions) {
    let made: ClientRequest | undefined;
    const finishRequest = (request: ClientRequest): void => {
      made = request;
      request.end();
    };
    super(url, { ...options, ...closing, finishRequest });
    this.#request = made;
  }

  /** What was handed to the connection, in bytes; 0 where it does not count them. */
  get sentBytes(): number {
    const socket = this.#request?.socket;
    return socket?.bytesWritten ?? 0;
  }

  /** A whole frame, past the library, which would copy it once more. Calls back when its bytes are not needed any more. */
  sendFrame(frame: Buffer, done: (error?: Error | null) => void): void {
    const socket = this.#request?.socket;
    if (this.readyState === WebSocket.OPEN && socket) socket.write(frame, done);
    else this.send(frame, done);
  }

  /** As the stream over it calls it when it is destroyed. */
  override terminate(): void {
    if (this.readyState !== WebSocket.OPEN) {
      super.terminate();
      return;
    }
    // Nobody takes what still comes, and what is not taken would stop the answer as well.
    this.removeAllListeners('message');
    this.resume();
    this.close();
    this.unref();
  }

  /** A process that has nothing else to do need not wait for the answer to a farewell that is on its way. */
  unref(): void {
    this.#isUnref = true;
    for (const name of ['_socket', '_closeTimer']) unref(Reflect.get(this, name));
  }

  override close(code?: number, reason?: string | Buffer): void {
    super.close(code, reason);
    if (this.#isUnref) this.unref();
  }

  /** For a peer that is gone. */
  cut(): void {
    super.terminate();
  }

  /**
   * Nobody waits for the upgrade any more. The manager may have dialled the app for it, and is not told by the end of
   * the connection: the upgrade is awaited for the farewell's sake. Resolves when it is closed.
   */
  async giveUp(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.once('close', () => resolve()));
    const wasSent = this.#request?.socket?.connecting === false;
    if (this.readyState !== WebSocket.CONNECTING || !wasSent) {
      this.terminate();
      return await closed;
    }
    this.once('open', () => this.terminate());
    this.once('unexpected-response', (request) => void request.destroy());
    const over = new AbortController();
    const limit = delay(givenUpMs, undefined, { ref: false, signal: over.signal }).then(() => this.cut());
    limit.catch(() => {});
    await closed;
    over.abort();
  }
}

function unref(handle: unknown): void {
  if (handle instanceof Object && 'unref' in handle && typeof handle.unref === 'function') handle.unref();
}
