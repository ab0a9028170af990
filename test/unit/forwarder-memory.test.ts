/** What a reader that stalls costs: nothing to the others, and only so much memory. */

import { once } from 'node:events';
import { expect, test } from 'vitest';
import { startForwarder } from '../../src/proxy/forwarder.ts';
import { dial, readAll, take, until } from '../contract/app-bed.ts';
import { serveTunnels } from './forwarder-bed.ts';

const mebibyte = 1 << 20;

test('a reader that stalls while 256 MiB are offered holds up nobody else and fills no memory', async () => {
  let offered = 0;
  await using server = await serveTunnels({
    open: (socket) => {
      socket.once('message', (data: Buffer) => {
        if (data.toString() === 'small')
          return socket.send(Buffer.alloc(2 * mebibyte), () => socket.close(1001));
        const chunk = Buffer.alloc(256 * 1024);
        const more = (): void => {
          if (offered >= 256 * mebibyte) {
            socket.close(1001);
            return;
          }
          offered += chunk.length;
          socket.send(chunk, more);
        };
        more();
      });
    },
  });
  await using forwarder = await startForwarder({
    tunnel: server.tunnel(),
    isSsh: false,
    host: '127.0.0.1',
    preferredPort: undefined,
    strict: false,
    onConnectionFailed: () => {},
  });
  const before = process.memoryUsage().rss;
  const stalled = await dial(forwarder.port);
  stalled.pause();
  stalled.write('large');
  await until(() => offered > 0, 'the large answer has begun');
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      const socket = await dial(forwarder.port);
      const answer = readAll(socket);
      socket.write('small');
      expect((await answer).bytes.length).toBe(2 * mebibyte);
    }),
  );
  const held = offered;
  expect(held).toBeLessThan(64 * mebibyte);
  expect(process.memoryUsage().rss - before).toBeLessThan(192 * mebibyte);
  // It was held back, not lost: the rest comes as soon as somebody reads.
  expect((await take(stalled, 256 * mebibyte)).length).toBe(256 * mebibyte);
  stalled.destroy();
  await once(stalled, 'close').catch(() => {});
});
