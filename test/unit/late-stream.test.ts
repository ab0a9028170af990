/** A stream that is there before its connection is. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LateStream } from '../../src/net/late-stream.ts';

interface Echo extends AsyncDisposable {
  dial(): Promise<Socket>;
}

async function startEcho(): Promise<Echo> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
  return {
    async dial() {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      await once(socket, 'connect');
      return socket;
    },
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}

test('what was written before the connection stood arrives, in order and whole, whatever its pieces', async () => {
  await using echo = await startEcho();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 100_000 }), { maxLength: 20 }),
      async (chunks) => {
        const stream = new LateStream(() => echo.dial());
        const [, received] = await Promise.all([
          pipeline(
            async function* () {
              for (const chunk of chunks) yield Buffer.from(chunk);
            },
            stream,
            { end: true },
          ),
          buffer(stream),
        ]);
        expect(received.equals(Buffer.concat(chunks))).toBe(true);
      },
    ),
    { numRuns: 30 },
  );
});

test('a reader that is slow holds the other side back', async () => {
  let pushed = 0;
  const source = new Duplex({
    read() {
      pushed += 1;
      this.push(Buffer.alloc(16_384));
    },
    write: (_chunk, _encoding, done) => done(),
  });
  const stream = new LateStream(async () => source);
  await once(stream, 'connect');
  stream.once('readable', () => {});
  await turns(200);
  const held = pushed;
  await turns(200);
  expect(pushed).toBe(held);
  expect(held).toBeLessThan(50);
  stream.destroy();
});

test('a connection that was paused, with bytes put back, is read from those bytes on', async () => {
  await using echo = await startEcho();
  const socket = await echo.dial();
  socket.pause();
  socket.unshift('first ');
  const stream = new LateStream(async () => socket);
  let read = '';
  stream.on('data', (chunk: Buffer) => {
    read += chunk.toString();
  });
  stream.end('second');
  await once(stream, 'end');
  expect(read).toBe('first second');
});

test('a connection that does not come about is an error, once', async () => {
  const stream = new LateStream(() => Promise.reject(new Error('no way')));
  const [error] = await once(stream, 'error');
  expect([String(error), stream.destroyed, stream.connecting]).toEqual(['Error: no way', true, true]);
});

test('who destroys it before the connection stands ends the dialling', async () => {
  let wasAborted = false;
  const stream = new LateStream(
    (signal) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => {
          wasAborted = true;
          reject(new Error('aborted'));
        }),
      ),
  );
  const told = once(stream, 'error');
  stream.destroy(new Error('not any more'));
  expect(String((await told)[0])).toBe('Error: not any more');
  expect(wasAborted).toBe(true);
});

test('a connection that comes after all is closed when nobody wants it any more', async () => {
  await using echo = await startEcho();
  let resolve: (socket: Socket) => void = () => {};
  const stream = new LateStream(() => new Promise<Socket>((settle) => (resolve = settle)));
  stream.destroy();
  const socket = await echo.dial();
  resolve(socket);
  await once(socket, 'close');
  expect(socket.destroyed).toBe(true);
});

test('a connection that breaks is an error of the stream', async () => {
  await using echo = await startEcho();
  const socket = await echo.dial();
  const stream = new LateStream(async () => socket);
  await once(stream, 'connect');
  socket.destroy(new Error('broken'));
  const [error] = await once(stream, 'error');
  expect(String(error)).toBe('Error: broken');
});

test('setTimeout tells of silence, and bytes put it off', async () => {
  await using echo = await startEcho();
  const stream = new LateStream(() => echo.dial());
  await once(stream, 'connect');
  const begun = performance.now();
  stream.setTimeout(200);
  stream.resume();
  const timer = setInterval(() => stream.write('x'), 50);
  setTimeout(() => clearInterval(timer), 400);
  // The timer of a stream holds no process, as a socket's does not.
  const hold = setTimeout(() => {}, 5_000);
  await once(stream, 'timeout');
  clearTimeout(hold);
  expect(performance.now() - begun).toBeGreaterThan(500);
  stream.destroy();
});

/** The event loop has been round so many times: whatever wanted to be read could have been. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await setImmediate();
}
