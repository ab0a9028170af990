import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type ListenOptions, Server } from 'node:net';
import { expect, test } from 'vitest';
import { parsePort, portCandidates } from '../../src/core/ssh/port-range.ts';
import { ConflictError, LocalSystemError, UsageError } from '../../src/errors.ts';
import { listen } from '../../src/proxy/listen.ts';
import { freePort } from '../support/free-port.ts';

const host = '127.0.0.1';

test('without a preference the port is a random one between 10000 and 65000', async () => {
  for (let round = 0; round < 10; round += 1) {
    await using server = open();
    const port = await listen(server.it, { host, preferredPort: undefined, strict: false });
    expect(port).toBeGreaterThanOrEqual(10_000);
    expect(port).toBeLessThanOrEqual(65_000);
    expect(server.it.address()).toMatchObject({ port, address: host });
  }
});

test('the preferred port is taken when it is free', async () => {
  const preferredPort = await freePort();
  await using server = open();
  expect(await listen(server.it, { host, preferredPort, strict: true })).toBe(preferredPort);
});

test('a taken preferred port means a random one, also when its owner listens on all interfaces', async () => {
  for (const address of [host, '0.0.0.0']) {
    await using taken = open();
    taken.it.listen(0, address);
    await once(taken.it, 'listening');
    const preferredPort = portOf(taken.it);
    await using server = open();
    const port = await listen(server.it, { host, preferredPort, strict: false });
    expect(port).not.toBe(preferredPort);
    expect(port).toBeGreaterThanOrEqual(10_000);
  }
});

test('a taken port is a conflict when it must be this one', async () => {
  await using taken = open();
  taken.it.listen(0, host);
  await once(taken.it, 'listening');
  await using server = open();
  const failed = listen(server.it, { host, preferredPort: portOf(taken.it), strict: true });
  await expect(failed).rejects.toThrow(ConflictError);
  await expect(failed).rejects.toMatchObject({ exitCode: 6, code: 'port-taken' });
  expect(server.it.listening).toBe(false);
});

test('a hundred at once all get a port of their own', async () => {
  const servers = Array.from({ length: 100 }, () => open());
  try {
    const ports = await Promise.all(
      servers.map(({ it }) => listen(it, { host, preferredPort: undefined, strict: false })),
    );
    expect(new Set(ports).size).toBe(100);
  } finally {
    for (const server of servers) await server[Symbol.asyncDispose]();
  }
});

test('a port that somebody takes between its proposal and the binding gives the next proposal', async () => {
  const thieves: Server[] = [];
  const robbed: number[] = [];
  /** Whatever this server is to listen on, another one takes first: three times. */
  class Robbed extends Server {
    override listen(...args: unknown[]): this {
      const goOn = (): this => super.listen(...(args as [ListenOptions, () => void]));
      const { port } = args[0] as ListenOptions;
      if (robbed.length === 3 || port === undefined) return goOn();
      robbed.push(port);
      thieves.push(createServer().listen(port, host, goOn));
      return this;
    }
  }
  const server = new Robbed();
  try {
    const preferredPort = await freePort();
    const port = await listen(server, { host, preferredPort, strict: false });
    expect(robbed[0]).toBe(preferredPort);
    expect(new Set([...robbed, port]).size).toBe(4);
    expect(server.address()).toMatchObject({ port, address: host });
  } finally {
    for (const each of [server, ...thieves]) each.close();
  }
});

test('a port that was given back a moment ago is taken again', async () => {
  const preferredPort = await freePort();
  for (let round = 0; round < 3; round += 1) {
    await using server = open();
    expect(await listen(server.it, { host, preferredPort, strict: false })).toBe(preferredPort);
  }
});

const privileged = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8')) > 80;

test.skipIf(!privileged || process.getuid?.() === 0)('a port the system reserves says so', async () => {
  await using server = open();
  const failed = listen(server.it, { host, preferredPort: 80, strict: true });
  await expect(failed).rejects.toThrow(LocalSystemError);
  expect(await listen(server.it, { host, preferredPort: 80, strict: false })).toBeGreaterThanOrEqual(10_000);
});

test.each(['0', '80', '1023', '65536', '99999', '-1', '1e4', '0x3000', '12 34', '', '12000.5', '٣٠٠٠٠'])(
  '"%s" is no port to listen on',
  (text) => {
    expect(() => parsePort(text, '--port')).toThrow(UsageError);
    expect(() => parsePort(text, '--port')).toThrow(/--port/);
  },
);

test.each([
  ['1024', 1024],
  ['65535', 65_535],
  ['12000', 12_000],
])('%s is a port', (text, port) => {
  expect(parsePort(text)).toBe(port);
});

test('a poor source of randomness ends the search instead of looping', () => {
  expect([...portCandidates(12_000, () => 0)]).toEqual([12_000, 10_000]);
  expect([...portCandidates(undefined, () => 0.999_999_999)]).toEqual([65_000]);
});

function open(): { readonly it: Server } & AsyncDisposable {
  const it = createServer();
  return {
    it,
    async [Symbol.asyncDispose]() {
      if (!it.listening) return;
      it.close();
      await once(it, 'close');
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
