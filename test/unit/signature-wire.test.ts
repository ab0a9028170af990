/** What is signed is what goes over the wire, whatever the URL looks like. */

import { createServer, type IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { signature } from '../../src/providers/backend-ai/manager/signature.ts';
import { openWireClient, type WireClient, wireKey } from '../support/wire-client.ts';

const signal = new AbortController().signal;

interface Bed extends WireClient {
  /** Whether each request, but for the handshake, carried the signature of what arrived. */
  readonly verdicts: readonly boolean[];
  readonly targets: readonly string[];
}

async function openBed(endpointOf: (port: number) => string): Promise<Bed> {
  const verdicts: boolean[] = [];
  const targets: string[] = [];
  const server = createServer((request, response) => {
    targets.push(request.url ?? '');
    if (request.headers['x-backendai-version'] !== undefined) verdicts.push(isSigned(request));
    response.end(JSON.stringify({ version: 'v9.20250722', manager: '26.9.6' }));
  });
  return { ...(await openWireClient(server, endpointOf)), verdicts, targets };
}

function isSigned(request: IncomingMessage): boolean {
  const { headers } = request;
  const parts = {
    method: request.method ?? '',
    target: request.url ?? '',
    host: headers.host ?? '',
    date: String(headers['date']),
    contentType: headers['content-type'] ?? 'application/octet-stream',
    version: String(headers['x-backendai-version']),
  };
  return headers.authorization?.endsWith(`:${signature(parts, wireKey)}`) === true;
}

const strange = `a b/c+d&e=f?g#h%i,j;k:l@m~n*o'(p)!"<>\`{|}^ 실험 결과`;

test('reserved characters in a query are signed as they are sent', async () => {
  await using bed = await openBed((port) => `http://127.0.0.1:${port}`);
  const call = { what: 'try', path: 'session/demo/files', query: { path: strange }, signal } as const;
  (await bed.client.open({ ...call, method: 'GET' })).resume();
  (await bed.client.open({ ...call, method: 'POST', body: { path: strange } })).resume();
  expect(bed.verdicts).toEqual([true, true]);
  expect(new URL(bed.targets[1] ?? '', 'http://x').searchParams.get('path')).toBe(strange);
});

test.each([
  ['a sub-path', '/backend/api', '/backend/api/session/a'],
  ['a trailing slash', '/backend/api/', '/backend/api/session/a'],
  ['a path outside ASCII', '/관리/v1', '/%EA%B4%80%EB%A6%AC/v1/session/a'],
  ['a query of its own, which is dropped', '/api?tenant=1', '/api/session/a'],
])('an endpoint with %s is signed as it is sent', async (_what, suffix, target) => {
  await using bed = await openBed((port) => `http://127.0.0.1:${port}${suffix}`);
  (await bed.client.open({ what: 'try', method: 'GET', path: 'session/a', signal })).resume();
  expect(bed.verdicts).toEqual([true]);
  expect(bed.targets[1]).toBe(target);
});

test('an endpoint in capital letters is signed as it is sent', async () => {
  await using bed = await openBed((port) => `HTTP://LOCALHOST:${port}`);
  (await bed.client.open({ what: 'try', method: 'GET', path: 'session/a', signal })).resume();
  expect(bed.verdicts).toEqual([true]);
});

test('each signature is made anew, with the time of its own request', async () => {
  await using bed = await openBed((port) => `http://127.0.0.1:${port}`);
  const first = await bed.client.signUpgrade('stream/session/a/tcpproxy', { app: 'sshd' }, signal);
  await new Promise((resolve) => setImmediate(resolve));
  let second = first;
  while (second.headers['Date'] === first.headers['Date']) {
    second = await bed.client.signUpgrade('stream/session/a/tcpproxy', { app: 'sshd' }, signal);
  }
  expect(second.headers['Authorization']).not.toBe(first.headers['Authorization']);
  expect(first.url.protocol).toBe('ws:');
});

test('the secret key itself never goes out', async () => {
  await using bed = await openBed((port) => `http://127.0.0.1:${port}`);
  const { headers, url } = await bed.client.signUpgrade('stream/session/a/tcpproxy', {}, signal);
  expect(JSON.stringify(headers) + url.href).not.toContain(wireKey.secretKey);
});
