/** What the vendor's own clients asked of a recording server, asked of the emulator; and published answers, read by the client. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { headNodeAddress } from '../../src/providers/rescale/head-node.ts';
import { jobHistory, jobInstances } from '../../src/providers/rescale/jobs.ts';
import { openRescaleBed, type RescaleBed, signal, until } from '../support/rescale-bed.ts';

interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization?: 'Token ***' | 'Bearer ***';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly answered: number;
}

function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/rescale/${name}.json`, import.meta.url), 'utf8'));
}

const shortLived = 'eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjoxfQ.c2lnbmF0dXJl';
const email = 'user@local.test';

/** With a job that runs and has the id of the recordings; both kinds of keys are of the same account. */
async function openRecordedBed(): Promise<RescaleBed> {
  const ids = ['OsKBd'];
  const bed = await openRescaleBed({
    accounts: [
      { email, apiKey: 'recorded' },
      { email, apiKey: shortLived },
    ],
    makeId: () => ids.shift() ?? 'aBcDe',
  });
  const job = await bed.job();
  await until(() => job.nodes.length > 0, 'it has a machine');
  return bed;
}

async function replay(bed: RescaleBed, request: RecordedRequest): Promise<Response> {
  const { method, path, authorization, headers, body } = request;
  // Where the recording was shortened.
  const written = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.replace('…', 'x')]),
  );
  const key = authorization === 'Bearer ***' ? `Bearer ${shortLived}` : 'Token recorded';
  return fetch(bed.emulator.address + path, {
    method,
    redirect: 'manual',
    headers: { ...written, ...(authorization !== undefined && { Authorization: key }) },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

test.each(['tunnel_maker-requests', 'apiref-notebook-requests', 'interlink-client-requests'])(
  'the emulator answers each request of %s as the recording server did',
  async (name) => {
    await using bed = await openRecordedBed();
    const { requests } = fixture<{ requests: readonly RecordedRequest[] }>(name);
    const answered: string[] = [];
    for (const request of requests) {
      const response = await replay(bed, request);
      await response.arrayBuffer();
      answered.push(`${request.method} ${request.path} ${response.status}`);
    }
    expect(answered).toEqual(
      requests.map(({ method, path, answered: status }) => `${method} ${path} ${status}`),
    );
    expect(bed.emulator.unknownRoutes).toEqual([]);
  },
);

interface PublishedAnswer {
  readonly response: { readonly body: { readonly results: readonly Readonly<Record<string, unknown>>[] } };
}

test('the emulator’s machines have all fields that a published answer has, and of the same types', async () => {
  await using bed = await openRecordedBed();
  const { response } = fixture<PublishedAnswer>('instances');
  const asked = { method: 'GET', path: '/api/v2/jobs/OsKBd/instances/', authorization: 'Token ***' } as const;
  const answer = await replay(bed, { ...asked, headers: {}, answered: 200 });
  const body = (await answer.json()) as PublishedAnswer['response']['body'];
  expect(Object.keys(body)).toEqual(Object.keys(response.body));
  expect(typesOf(body.results[0])).toEqual(typesOf(response.body.results[0]));
  expect(body.results[0]).toMatchObject({ role: response.body.results[0]?.['role'] });
});

test('the emulator writes statuses as a published answer does, in its order', async () => {
  await using bed = await openRecordedBed();
  const { response } = fixture<PublishedAnswer>('statuses');
  const asked = { method: 'GET', path: '/api/v2/jobs/OsKBd/statuses/', authorization: 'Token ***' } as const;
  const answer = await replay(bed, { ...asked, headers: {}, answered: 200 });
  const body = (await answer.json()) as PublishedAnswer['response']['body'];
  expect(body.results.map(({ status }) => status)).toEqual(response.body.results.map(({ status }) => status));
  const shapeOf = (date: unknown): string => String(date).replaceAll(/\d/g, '0');
  expect(shapeOf(body.results[0]?.['statusDate'])).toBe(shapeOf(response.body.results[0]?.['statusDate']));
});

function typesOf(fields: Readonly<Record<string, unknown>> | undefined): unknown {
  return Object.fromEntries(
    Object.entries(fields ?? {}).map(([name, value]) => [
      name,
      Array.isArray(value) ? 'array' : typeof value,
    ]),
  );
}

test('the client reads the published answers', async () => {
  await using bed = await openRecordedBed();
  const route = (call: string) =>
    ({ kind: 'answer', route: `GET /api/v2/jobs/OsKBd/${call}/`, status: 200 }) as const;
  bed.emulator.faults.add({
    ...route('instances'),
    body: fixture<PublishedAnswer>('instances').response.body,
  });
  bed.emulator.faults.add({ ...route('statuses'), body: fixture<PublishedAnswer>('statuses').response.body });
  const history = await jobHistory(bed.client, 'OsKBd', signal);
  expect(history.map(({ status }) => status).join(' > ')).toBe(
    'Pending > Waiting for Queue > Queued > Started > Validated > Executing',
  );
  expect(history.at(-1)?.at).toBe('2026-01-02T03:05:00.000Z');
  const instances = await jobInstances(bed.client, 'OsKBd', signal);
  expect(headNodeAddress('OsKBd', instances)).toEqual({
    user: 'uprod_AbCdE',
    host: '203.0.113.7',
    port: 32_100,
  });
});
