/** What goes out by the release that a manager had last time, beside the handshake that tells whether it still has it. */

import { createServer, type ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import type { Call } from '../../src/providers/backend-ai/manager/client.ts';
import type { ReleaseMemory } from '../../src/providers/backend-ai/manager/release.ts';
import { openWireClient } from '../support/wire-client.ts';

const { signal } = new AbortController();
const read: Call = { what: 'read', method: 'GET', path: 'read', signal };
const create: Call = { what: 'create', method: 'POST', path: 'create', body: {}, signal };
const answerSchema = z.object({ api: z.string() });
const last = { api: 'v8.20240915', text: '24.09.0' };

interface Bed {
  /** Of the manager; nothing: it is away. */
  readonly hello?: { readonly version: string; readonly manager: string };
  readonly remembered?: Awaited<ReturnType<ReleaseMemory['release']>>;
  /** Nothing answers `GET /` before this path was asked for. */
  readonly holdsUntil?: string;
}

/** A manager that says which API version it was asked by. */
async function openBed({ hello, remembered = last, holdsUntil }: Bed) {
  const asked: string[] = [];
  const kept: unknown[] = [];
  let greeting: ServerResponse | undefined;
  const greet = (): void => {
    const isThere = hello !== undefined;
    greeting?.writeHead(isThere ? 200 : 503).end(JSON.stringify(hello ?? {}));
    greeting = undefined;
  };
  const server = createServer((request, response) => {
    const api = String(request.headers['x-backendai-version'] ?? '');
    asked.push(`${request.method} ${request.url} ${api}`.trim());
    if (request.url === '/') greeting = response;
    else response.end(JSON.stringify({ api }));
    const isDue = holdsUntil === undefined || asked.some((each) => each.includes(holdsUntil));
    if (isDue) greet();
  });
  const memory: ReleaseMemory = {
    release: async () => remembered,
    keepRelease: async ({ api, text }) => void kept.push({ api, text }),
  };
  return { ...(await openWireClient(server, undefined, memory)), asked, kept };
}

const same = { version: last.api, manager: last.text };

test('a question goes out before the handshake is answered', async () => {
  await using bed = await openBed({ hello: same, holdsUntil: 'read' });
  expect(await bed.client.json(read, answerSchema)).toEqual({ api: last.api });
  expect(bed.asked.toSorted()).toEqual(['GET /', `GET /read ${last.api}`]);
});

test('of another release than last time it is asked again, by the one that it is', async () => {
  await using bed = await openBed({
    hello: { version: 'v9.20250722', manager: '26.9.6' },
    holdsUntil: 'read',
  });
  expect(await bed.client.json(read, answerSchema)).toEqual({ api: 'v9.20250722' });
  expect(bed.asked.slice(2)).toEqual(['GET /read v9.20250722']);
  expect(bed.kept).toEqual([{ api: 'v9.20250722', text: '26.9.6' }]);
});

test('what changes something waits for the handshake, and goes out once', async () => {
  await using bed = await openBed({ hello: { version: 'v9.20250722', manager: '26.9.6' } });
  await bed.client.json(create, answerSchema);
  expect(bed.asked).toEqual(['GET /', 'POST /create v9.20250722']);
});

test('a manager that is away is told as such, whatever else answers there', async () => {
  await using bed = await openBed({});
  await expect(bed.client.json(read, answerSchema)).rejects.toMatchObject({ code: 'unavailable' });
});

test('what depends on the release is done again when it is another one', async () => {
  await using bed = await openBed({ hello: { version: 'v9.20250722', manager: '26.9.6' } });
  const seen: string[] = [];
  const answer = await bed.client.byRelease(signal, async ({ text }) => {
    seen.push(text);
    return bed.client.json({ ...read, path: text }, answerSchema);
  });
  expect([seen, answer]).toEqual([['24.09.0', '26.9.6'], { api: 'v9.20250722' }]);
});

test('a remembered release that bai cannot talk to is none', async () => {
  await using bed = await openBed({ hello: same, remembered: { api: 'v4.20190615', text: '19.09' } });
  await bed.client.json(read, answerSchema);
  expect(bed.asked).toEqual(['GET /', `GET /read ${last.api}`]);
});
