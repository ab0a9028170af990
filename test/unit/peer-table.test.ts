/** The kernel's own tables, read as it writes them, of connections that this process makes. */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { endianness, networkInterfaces, platform } from 'node:os';
import { describe, expect, test } from 'vitest';
import { type ConnectionEnds, findPeer, isOwnMachine } from '../../src/core/ssh/peer-table.ts';
import { until } from '../contract/app-bed.ts';

const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
const own = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
const hasIpv6 = addresses.some(({ address }) => address === '::1');

describe.skipIf(platform() !== 'linux').each([
  ['127.0.0.1', '127.0.0.1'],
  ['127.3.2.1', '127.0.0.1'],
  ['0.0.0.0', own],
  ...(hasIpv6
    ? [
        ['::1', '::1'],
        ['::', '127.0.0.1'],
        ['::', '::1'],
        ['::', own],
        ['::', '::ffff:127.0.0.1'],
      ]
    : []),
])('a listener on %s that is reached as %s', (listens, reached) => {
  test('finds its client while that is open, half closed, and gone', async () => {
    const host = listens.startsWith('127.') ? listens : reached;
    const { client, ends } = await open(listens, host);
    expect(isOwnMachine(ends)).toBe(true);
    expect(look(ends)).toBe('there');
    client.end();
    await once(client, 'finish');
    expect(look(ends)).toBe('there');
    client.destroy();
    await until(() => look(ends) === 'gone', 'it has gone');
  });
});

test('of a connection that is in no table nothing is known', () => {
  const ends = { localAddress: '127.0.0.1', localPort: 1, remoteAddress: '127.0.0.1', remotePort: 2 };
  expect(findPeer('', ends, true)).toBe('unknown');
  expect(isOwnMachine({ ...ends, remoteAddress: '192.0.2.1' })).toBe(false);
});

test('an end that the kernel has forgotten is missing only where this end stands', () => {
  const ours = '   1: 0100007F:0001 0100007F:0002 08 0:0 00:0 0     0        0 42 1 x\n';
  const ends = { localAddress: '127.0.0.1', localPort: 1, remoteAddress: '127.0.0.1', remotePort: 2 };
  expect(findPeer(ours, ends, true)).toBe('missing');
  expect(findPeer(ours.replace(' 42 ', ' 0 '), ends, true)).toBe('unknown');
  expect(findPeer(ours.replaceAll('0100007F', '7F000001'), ends, false)).toBe('missing');
});

function look(ends: ConnectionEnds) {
  const tables = ['tcp', 'tcp6'].map((name) => readFileSync(`/proc/net/${name}`, 'latin1')).join('');
  return findPeer(tables, ends, endianness() === 'LE');
}

async function open(
  listens: string,
  host: string,
): Promise<{ readonly client: Socket; readonly ends: ConnectionEnds }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, listens);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const client = connect({ port: address.port, host, allowHalfOpen: true });
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const { localAddress = '', localPort = 0, remoteAddress = '', remotePort = 0 } = await accepted;
  server.close();
  return { client, ends: { localAddress, localPort, remoteAddress, remotePort } };
}
