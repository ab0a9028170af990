/** One WebSocket to the manager as a byte stream: pings, close codes, no compression. */

import type { Agent, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket } from 'ws';
import { UnreachableError } from '../../../errors.ts';
import { mostMessageBytes, sendFrames } from './frames.ts';
import { type HiddenEnd, watchEnd } from './hidden-end.ts';
import { LeavingWebSocket } from './leaving-websocket.ts';
import { watchLine } from './line-watch.ts';

interface UpgradeTarget {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: Agent;
  /** Older managers end a tunnel by ending its connection, without a close frame. */
  readonly endsWithoutCloseFrame: boolean;
  /** When nothing was heard for so long, the line is dead. */
  readonly silenceMs?: number | undefined;
  /** Where a web console stands in between, which tells of no end: see `watchEnd`. */
  readonly hiddenEnd?: HiddenEnd | undefined;
  /** Told of a connection that is given up before it stands, and when it is closed. Never rejects. */
  readonly onGivenUp?: ((closed: Promise<void>) => void) | undefined;
}

interface OpenedStream {
  readonly stream: Duplex;
  /**
   * How the stream began: its first bytes came, or it was closed before any (with the close code).
   * Never rejects.
   */
  readonly begun: Promise<'bytes' | number>;
}

/** The upgrade was answered with an ordinary HTTP answer; its body is not read yet. */
export class UpgradeRefused extends Error {
  readonly response: IncomingMessage;
  constructor(response: IncomingMessage) {
    super(`the upgrade was answered with status ${response.statusCode}`);
    this.response = response;
  }
}

/** Longer than a line that lives stands still when it changes from one network to another. */
const usualSilenceMs = 28_000;
/** The manager sends frames of at most 256 KiB. */
const largestFrame = 32 << 20;
/** 1000 and 1001 are how the far side's end of file looks: no failure. */
const normalEnds: ReadonlySet<number> = new Set([1000, 1001, 1005]);

/** Rejects with UpgradeRefused, or with the system's error when nothing answers. */
export async function openWebSocketStream(target: UpgradeTarget, signal: AbortSignal): Promise<OpenedStream> {
  signal.throwIfAborted();
  const socket = new LeavingWebSocket(target.url, {
    headers: target.headers,
    agent: target.agent,
    // The manager accepts compression when it is offered; encrypted bytes then cost six times the time.
    perMessageDeflate: false,
    maxPayload: largestFrame,
    followRedirects: false,
  });
  let report: (begun: 'bytes' | number) => void = () => {};
  const begun = new Promise<'bytes' | number>((resolve) => {
    report = resolve;
  });
  let wasEnded = false;
  socket.once('upgrade', ({ socket: connection }) => {
    // Before the library's own handler, which closes the WebSocket right away.
    connection.prependOnceListener('end', () => {
      wasEnded = target.endsWithoutCloseFrame;
    });
  });
  socket.once('message', () => report('bytes'));
  socket.once('error', (cause) => stream.destroy(closedWith(1006, cause)));
  // Before the stream's own handler, which takes every close for a normal end.
  socket.once('close', (code) => {
    const isEnd = normalEnds.has(code) || (code === 1006 && wasEnded);
    report(isEnd ? 1001 : code);
    if (!isEnd) stream.destroy(closedWith(code));
  });
  const stream = createWebSocketStream(socket, { allowHalfOpen: true });
  sendTogether(stream, socket, target.hiddenEnd === undefined ? mostMessageBytes : consoleMessageBytes);
  leaveAtOnce(stream, socket);
  // As sockets have it.
  Object.assign(stream, { unref: () => socket.unref() });
  stream.on('error', () => report(1006));
  await opened(socket, target, signal);
  watch(socket, stream, target.silenceMs ?? usualSilenceMs);
  if (target.hiddenEnd !== undefined) {
    watchEnd(lineOf(socket), target.hiddenEnd, () => {
      wasEnded = true;
      socket.cut();
    });
  }
  return { stream, begun };
}

function lineOf(socket: WebSocket): Parameters<typeof watchEnd>[0] {
  let messages = 0;
  socket.on('message', () => {
    messages += 1;
  });
  return {
    heard: () => messages,
    isPaused: () => socket.isPaused,
    onceClosed: (done) => void socket.once('close', done),
  };
}

/** Whoever destroys the stream is not kept by the farewell, which goes on by itself. */
function leaveAtOnce(stream: Duplex, socket: LeavingWebSocket): void {
  stream._destroy = (error, done) => {
    socket.on('error', () => {});
    socket.terminate();
    done(error);
    process.nextTick(() => stream.emit('close'));
  };
}

/** A web console cuts connections that send messages of 4 MiB, and keeps what it has not passed on in memory. */
const consoleMessageBytes = 64 * 1024;

/**
 * What is written in one go leaves as few messages: SSH's packets are of 32 KiB and come in three pieces each, and a
 * message costs the manager more than its bytes do.
 */
function sendTogether(stream: Duplex, socket: LeavingWebSocket, mostBytes: number): void {
  let isCorked = false;
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  stream.write = (...args: unknown[]): boolean => {
    if (!isCorked) {
      isCorked = true;
      stream.cork();
      process.nextTick(() => {
        isCorked = false;
        stream.uncork();
      });
    }
    return write(...args);
  };
  const send = { mostBytes, send: socket.sendFrame.bind(socket) };
  stream._write = (chunk: Buffer, _, done) => sendFrames([chunk], send, done);
  stream._writev = (written, done) =>
    sendFrames(
      written.map(({ chunk }) => chunk as Buffer),
      send,
      done,
    );
}

function opened(socket: LeavingWebSocket, { onGivenUp }: UpgradeTarget, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      onGivenUp?.(socket.giveUp());
      reject(signal.reason);
    };
    const settle = (action: () => void): void => {
      signal.removeEventListener('abort', abort);
      action();
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.once('open', () => settle(resolve));
    socket.once('error', (error) => settle(() => reject(error)));
    socket.once('unexpected-response', (request, response) => {
      settle(() => reject(new UpgradeRefused(response)));
      response.once('close', () => request.destroy());
    });
  });
}

/** A peer that is gone without a word. */
function watch(socket: LeavingWebSocket, stream: Duplex, silenceMs: number): void {
  const onDead = (): void => {
    stream.destroy(silent(silenceMs));
    socket.cut();
  };
  watchLine(socket, { silenceMs, sentBytes: () => socket.sentBytes, onDead });
}

function silent(silenceMs: number): UnreachableError {
  return new UnreachableError(
    `the tunnel broke: nothing was heard from the manager for about ${Math.round(silenceMs / 1000)} s`,
    { code: 'tunnel-lost', details: { closeCode: 1006 } },
  );
}

function closedWith(code: number, cause?: Error): UnreachableError {
  const causes: Readonly<Record<number, string>> = {
    1006: 'the connection to the manager was lost',
    1009: 'the manager refused a frame as too large',
    1011: 'the manager could not reach the app inside the session',
    1013: 'nothing listens on the app’s port inside the session',
  };
  return new UnreachableError(
    `the tunnel broke: ${causes[code] ?? `the manager closed it with code ${code}`}`,
    {
      code: code === 1013 ? 'app-not-listening' : 'tunnel-lost',
      details: { closeCode: code },
      cause,
    },
  );
}
