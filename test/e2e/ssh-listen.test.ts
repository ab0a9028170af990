/** Where -L and -D listen: with bai's own client on the same addresses as with the system's. */

import { once } from 'node:events';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmulatorBed, freePort, listenersOn, openEmulator, until } from '../contract/app-bed.ts';

let bed: EmulatorBed;

beforeAll(async () => {
  bed = await openEmulator();
  await bed.create('demo');
  await bed.bai(['ssh', 'demo', '--client', 'system', 'true']);
});
afterAll(() => bed[Symbol.asyncDispose]());

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);

/** What listens once the command over there runs. */
async function listeners(client: string, words: readonly string[], port: number): Promise<string[]> {
  const child = bed.start(['ssh', 'demo', '--client', client, ...words, 'echo ready; cat']);
  await once(child.stdout, 'data');
  const found = listenersOn(port).sort();
  const ended = once(child, 'close');
  child.stdin.end();
  await ended;
  await until(() => listenersOn(port).length === 0, 'nothing listens any more');
  return found;
}

test.each([
  ['-L', 'PORT:localhost:80'],
  ['-L', 'localhost:PORT:localhost:80'],
  ['-L', '127.0.0.1:PORT:localhost:80'],
  ['-L', '[::1]:PORT:localhost:80'],
  ['-L', '*:PORT:localhost:80'],
  ['-L', ':PORT:localhost:80'],
  ['-L', '0.0.0.0:PORT:localhost:80'],
  ['-L', '[::]:PORT:localhost:80'],
  ['-gL', 'PORT:localhost:80'],
  ['-oGatewayPorts=yes', '-L', 'PORT:localhost:80'],
  ['-gL', 'localhost:PORT:localhost:80'],
  ['-gL', '127.0.0.1:PORT:localhost:80'],
  ['-D', 'PORT'],
  ['-D', '*:PORT'],
  ['-gD', 'PORT'],
])('%s %s %s', async (...words) => {
  const port = await freePort();
  const given = words.filter((word) => word !== undefined).map((word) => word.replace('PORT', String(port)));
  const wanted = await listeners('system', given, port);
  expect(wanted.length).toBeGreaterThan(0);
  expect(await listeners('builtin', given, port)).toEqual(wanted);
});

test.skipIf(!hasIpv6)('a port that is taken on ::1 alone is told, and the forward stands', async () => {
  const port = await freePort();
  const taken = createServer().listen({ host: '::1', port, ipv6Only: true });
  await once(taken, 'listening');
  const words = ['-L', `${port}:localhost:80`, 'true'];
  const ran = await bed.bai([
    'ssh',
    'demo',
    '--client',
    'builtin',
    '-o',
    'ExitOnForwardFailure=yes',
    ...words,
  ]);
  expect([ran.code, ran.stderr]).toEqual([
    0,
    `warning: port ${port} of ::1 cannot be listened on: it is taken\n`,
  ]);
  taken.close();
});

test('an address that is none of this machine’s is no place to listen', async () => {
  const words = ['-o', 'ExitOnForwardFailure=yes', '-L', '192.0.2.1:15001:localhost:80', 'true'];
  const ran = await bed.bai(['ssh', 'demo', '--client', 'builtin', ...words]);
  expect([ran.code, ran.stderr]).toEqual([
    255,
    expect.stringContaining('port 15001 of 192.0.2.1 cannot be listened on'),
  ]);
});
