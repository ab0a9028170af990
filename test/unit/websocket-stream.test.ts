/** One WebSocket as a byte stream: order, size, back-pressure, pings. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { limitTime } from '../../src/core/time-limit.ts';
import { openWebSocketStream } from '../../src/providers/backend-ai/tunnel/websocket-stream.ts';
import { deferred, until } from '../contract/app-bed.ts';
import { serveTunnels } from './forwarder-bed.ts';

const never = new AbortController().signal;

afterEach(() => {
  vi.useRealTimers();
});

test('large and small messages arrive in order and whole', async () => {
  const messages = [1, 65_536, 262_144, 3, 1_000_000].map((size) => randomBytes(size));
  await using server = await serveTunnels({
    open: (socket) => {
      for (const message of messages) socket.send(message);
      socket.close(1001);
    },
  });
  const { stream, begun } = await open(server.url);
  expect((await buffer(stream)).equals(Buffer.concat(messages))).toBe(true);
  expect(await begun).toBe('bytes');
});

test('what is written goes out in binary frames of at most 16 MiB', async () => {
  const sizes: number[] = [];
  const got: Buffer[] = [];
  const done = deferred();
  const sent = randomBytes(20 << 20);
  await using server = await serveTunnels({
    open: (socket) =>
      socket.on('message', (data: Buffer, isBinary) => {
        sizes.push(isBinary ? data.length : -1);
        got.push(data);
        if (got.reduce((sum, { length }) => sum + length, 0) === sent.length) done.resolve();
      }),
  });
  const { stream } = await open(server.url);
  await pipeline(function* () {
    for (let start = 0; start < sent.length; start += 65_536) yield sent.subarray(start, start + 65_536);
  }, stream);
  await done.promise;
  expect(Buffer.concat(got).equals(sent)).toBe(true);
  expect(Math.min(...sizes)).toBeGreaterThan(0);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(16 << 20);
});

test('packets written one after the other leave as few messages, in order and whole', async () => {
  const sizes: number[] = [];
  const got: Buffer[] = [];
  const done = deferred();
  const packets = Array.from({ length: 40 }, () => randomBytes(32_768 + 20));
  const sent = Buffer.concat(packets);
  await using server = await serveTunnels({
    open: (socket) =>
      socket.on('message', (data: Buffer) => {
        sizes.push(data.length);
        got.push(data);
        if (got.reduce((sum, { length }) => sum + length, 0) === sent.length) done.resolve();
      }),
  });
  const { stream } = await open(server.url);
  for (const packet of packets) stream.write(packet);
  await done.promise;
  expect(Buffer.concat(got).equals(sent)).toBe(true);
  expect(sizes.length).toBe(Math.ceil(sent.length / (256 * 1024)));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(256 * 1024);
});

test('a close before any byte tells its code', async () => {
  await using server = await serveTunnels({ open: (socket) => socket.close(1013) });
  const { stream, begun } = await open(server.url);
  stream.on('error', () => {});
  expect(await begun).toBe(1013);
});

test('a reader that stops holds the sender back', async () => {
  const offered = 64 << 20;
  const blocked = deferred();
  let accepted = 0;
  await using server = await serveTunnels({
    open: (socket) => {
      const chunk = Buffer.alloc(256 * 1024);
      const more = (): void => {
        if (accepted >= offered) {
          socket.close(1001);
          return;
        }
        accepted += chunk.length;
        socket.send(chunk, more);
        if (socket.bufferedAmount > 0) blocked.resolve();
      };
      more();
    },
  });
  const { stream } = await open(server.url);
  await blocked.promise;
  expect(accepted).toBeLessThan(offered);
  let received = 0;
  for await (const chunk of stream) received += chunk.length;
  expect(received).toBe(offered);
});

test('a line that is silent is asked, and one that answers stays', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  let pings = 0;
  await using server = await serveTunnels({ open: (socket) => void socket.on('ping', () => (pings += 1)) });
  const { stream } = await open(server.url);
  for (let turn = 1; turn <= 12; turn += 1) {
    vi.advanceTimersByTime(silenceMs / 4);
    const client = [...server.clients][0];
    client?.send(`alive ${turn}`);
    expect(String((await once(stream, 'data'))[0])).toBe(`alive ${turn}`);
  }
  expect(pings).toBe(0);
  for (let turn = 1; turn <= 12; turn += 1) {
    vi.advanceTimersByTime(silenceMs / 4);
    // The answer is on its way when the one to this is.
    [...server.clients][0]?.ping();
    await new Promise((resolve) => setImmediate(resolve));
    await until(() => server.clients.size === 1, 'it is open');
  }
  expect(stream.destroyed).toBe(false);
  stream.destroy();
});

test('a peer that is gone without a word is found within the time for silence', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  await using server = await serveTunnels({ autoPong: false, open: () => {} });
  const { stream } = await open(server.url);
  const lost = once(stream, 'error');
  vi.advanceTimersByTime(silenceMs / 2);
  expect(stream.destroyed).toBe(false);
  vi.advanceTimersByTime(silenceMs / 2);
  const [error] = await lost;
  expect(error).toMatchObject({ code: 'tunnel-lost', details: { closeCode: 1006 } });
  expect(String(error)).toContain('nothing was heard from the manager for about 8 s');
  await until(() => server.clients.size === 0, 'its connection is closed');
});

test('what is sent in bulk may take longer than the time for silence, for an answer is behind it', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  await using server = await serveTunnels({ autoPong: false, open: () => {} });
  const { stream } = await open(server.url);
  const lost = once(stream, 'error');
  await new Promise((resolve) => stream.write(Buffer.alloc(1 << 20), resolve));
  vi.advanceTimersByTime(silenceMs * 4);
  expect(stream.destroyed).toBe(false);
  vi.advanceTimersByTime(silenceMs * 2);
  await lost;
});

test('an aborted signal opens nothing', async () => {
  await using server = await serveTunnels({ open: () => {} });
  const failed = openWebSocketStream(target(server.url), AbortSignal.abort(new Error('left')));
  await expect(failed).rejects.toThrow('left');
  expect(server.upgrades.length).toBe(0);
});

test('an upgrade that is never answered ends when its time is over', async () => {
  await using server = await serveTunnels({ refuse: () => {} });
  using limit = limitTime(never, 200);
  await expect(openWebSocketStream(target(server.url), limit.signal)).rejects.toThrow('the time is over');
});

const silenceMs = 8_000;

function target(url: URL) {
  return { url, headers: {}, agent: new Agent(), endsWithoutCloseFrame: false, silenceMs };
}

function open(url: URL) {
  return openWebSocketStream(target(url), never);
}
