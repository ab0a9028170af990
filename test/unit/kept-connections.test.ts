/** Connections to the manager that are kept between two calls, and closed over there meanwhile. */

import { setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import * as z from 'zod/mini';
import type { Call } from '../../src/providers/backend-ai/manager/client.ts';
import { openWireClient, type WireClient } from '../support/wire-client.ts';

const { signal } = new AbortController();
// As the program does: everything that waits listens to it.
setMaxListeners(0, signal);
const read: Call = { what: 'read', method: 'GET', path: 'read', signal };
const create: Call = { what: 'create', method: 'POST', path: 'create', body: {}, signal };
const nothing = z.object({});

interface Arrival {
  readonly request: IncomingMessage;
  /** Of the connection it came over, counted from 0. */
  readonly connection: number;
  /** Of the requests over that connection. */
  readonly index: number;
}

interface Bed extends WireClient {
  readonly arrivals: readonly Arrival[];
  readonly connections: readonly Socket[];
}

afterEach(() => {
  vi.useRealTimers();
});

/** `answer` says whether it took the answer on itself. */
async function openBed(
  answer: (arrival: Arrival, response: ServerResponse) => boolean = () => false,
): Promise<Bed> {
  const connections: Socket[] = [];
  const arrivals: Arrival[] = [];
  const server = createServer((request, response) => {
    const connection = connections.indexOf(request.socket);
    const index = arrivals.filter((each) => each.connection === connection).length;
    const arrival = { request, connection, index };
    arrivals.push(arrival);
    if (!answer(arrival, response))
      response.end(JSON.stringify({ version: 'v9.20250722', manager: '26.9.6' }));
  });
  server.on('connection', (socket) => connections.push(socket));
  return { ...(await openWireClient(server)), arrivals, connections };
}

const path = ({ request }: Arrival): string => `${request.method} ${request.url}`;

test('"the connection was cut (ECONNRESET)": a call over a kept connection that is closed goes out again, signed anew', async () => {
  await using bed = await openBed(({ request, index }) => {
    if (index === 0) return false;
    request.socket.resetAndDestroy();
    return true;
  });
  await bed.client.release(signal);
  expect(await bed.client.json(read, nothing)).toEqual({});
  expect(bed.arrivals.map((arrival) => [path(arrival), arrival.connection])).toEqual([
    ['GET /', 0],
    ['GET /read', 0],
    ['GET /read', 1],
  ]);
  for (const { request } of bed.arrivals.slice(1))
    expect(request.headers.authorization).toMatch(/^BackendAI /);
});

test('50 calls at once get through when all that are kept are closed', async () => {
  let isClosing = false;
  await using bed = await openBed(({ request, index }) => {
    if (!isClosing || index === 0) return false;
    request.socket.resetAndDestroy();
    return true;
  });
  await Promise.all(Array.from({ length: 50 }, () => bed.client.json(read, nothing)));
  isClosing = true;
  const answers = await Promise.all(Array.from({ length: 50 }, () => bed.client.json(read, nothing)));
  expect(answers).toHaveLength(50);
});

test('what creates something goes over a new connection though one is kept', async () => {
  await using bed = await openBed();
  await bed.client.release(signal);
  await bed.client.json(create, nothing);
  expect(bed.arrivals.map(({ connection }) => connection)).toEqual([0, 1]);
});

test('what creates something is not sent twice when its connection is cut', async () => {
  await using bed = await openBed(({ request }) => {
    if (request.url !== '/create') return false;
    request.socket.resetAndDestroy();
    return true;
  });
  await expect(bed.client.json(create, nothing)).rejects.toMatchObject({ code: 'unreachable' });
  expect(bed.arrivals.map(path)).toEqual(['GET /', 'POST /create']);
});

test('a call over a new connection that is cut is not sent again', async () => {
  await using bed = await openBed(({ request }) => {
    request.socket.resetAndDestroy();
    return true;
  });
  await expect(bed.client.json(read, nothing)).rejects.toMatchObject({ code: 'unreachable' });
  expect(bed.arrivals).toHaveLength(1);
});

test('an answer that breaks off after its beginning is no reason to ask again', async () => {
  await using bed = await openBed(({ request, index }) => {
    if (index === 0) return false;
    request.socket.write('HTTP/1.1 200', () => request.socket.resetAndDestroy());
    return true;
  });
  await bed.client.release(signal);
  await expect(bed.client.json(read, nothing)).rejects.toMatchObject({ exitCode: 5 });
  expect(bed.arrivals.map(path)).toEqual(['GET /', 'GET /read']);
});

test('a connection that nobody has used for some seconds is not used any more: it may have died in its sleep', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  await using bed = await openBed();
  await bed.client.release(signal);
  vi.setSystemTime(Date.now() + 4_000);
  await bed.client.json(read, nothing);
  vi.setSystemTime(Date.now() + 120_000);
  await bed.client.json(read, nothing);
  expect(bed.arrivals.map(({ connection }) => connection)).toEqual([0, 0, 1]);
});
