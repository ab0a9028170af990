import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { portRange, stableCandidates, stablePort } from '../../src/core/ssh/port-range.ts';
import { listen } from '../../src/proxy/listen.ts';

const host = '127.0.0.1';

test('candidates are different ports of the range, upward from that of the place, whatever the place is called', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (place) => {
      const ports = [...stableCandidates(undefined, place)];
      expect(ports[0]).toBe(stablePort(place));
      expect(new Set(ports).size).toBe(ports.length);
      expect(ports.every((port) => port >= portRange.first && port <= portRange.last)).toBe(true);
      expect(ports.every((port, at) => at === 0 || port === next(ports[at - 1] ?? 0))).toBe(true);
      expect([...stableCandidates(undefined, place)]).toEqual(ports);
    }),
  );
});

function next(port: number): number {
  return port === portRange.last ? portRange.first : port + 1;
}

test('places get ports that are spread over the range', () => {
  const places = Array.from({ length: 500 }, (_, at) => `demo-${at}\njupyter`);
  expect(new Set(places.map(stablePort)).size).toBeGreaterThan(490);
});

test('over a hundred starts the port is the same, and the next free one while it is taken', async () => {
  const place = `of test ${process.pid}\nsshd`;
  const ports = new Set<number>();
  for (let start = 0; start < 100; start += 1) ports.add(await listenOnce(place));
  expect(ports.size).toBe(1);
  const [port = 0] = ports;
  const thief = createServer().listen(port, host);
  await once(thief, 'listening');
  const other = await listenOnce(place);
  expect(other).toBeGreaterThan(port);
  thief.close();
  await once(thief, 'close');
  expect(await listenOnce(place)).toBe(port);
});

async function listenOnce(place: string): Promise<number> {
  const server: Server = createServer();
  const port = await listen(server, { host, preferredPort: undefined, strict: false, place });
  server.close();
  await once(server, 'close');
  return port;
}
