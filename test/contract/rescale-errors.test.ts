import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { BaiError, UnsureError } from '../../src/errors.ts';
import { accountOf, describeJob, jobInstances, listJobs, stopJob } from '../../src/providers/rescale/jobs.ts';
import {
  answerJson,
  clientOf,
  openNetwork,
  openRescaleBed,
  openStranger,
  signal,
} from '../support/rescale-bed.ts';

const apiKey = 's3cretKey0123456789abcdef';

async function failureOf(promise: Promise<unknown>): Promise<BaiError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof BaiError) return error;
  throw error ?? new Error('it did not fail');
}

test('a key that the platform does not know is refused, with where to make one', async () => {
  await using bed = await openRescaleBed();
  const client = clientOf(bed.emulator.address, 'no-such-key', { network: bed.network });
  expect(await failureOf(accountOf(client, signal))).toMatchObject({
    ...{ code: 'auth-failed', exitCode: 3, message: 'cannot sign in: Invalid token' },
    hint: expect.stringContaining('User Profile Settings, API'),
  });
});

test('a key that lives shortly goes as Bearer, all others as Token', async () => {
  const shortLived = 'eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjoxfQ.c2lnbmF0dXJl';
  await using bed = await openRescaleBed({ accounts: [{ email: 'a@x.test', apiKey: shortLived }] });
  expect(await accountOf(bed.client, signal)).toMatchObject({ email: 'a@x.test' });
});

test.each([
  [400, { detail: 'Bad.' }, 'refused', 1, 'cannot list your jobs: Bad'],
  [401, { detail: 'Invalid token.' }, 'auth-failed', 3, 'cannot list your jobs: Invalid token'],
  [402, { detail: 'No budget.' }, 'payment-required', 3, 'cannot list your jobs: No budget'],
  [403, { detail: 'Not from here.' }, 'forbidden', 3, 'cannot list your jobs: Not from here'],
  [404, { detail: 'Not found.' }, 'not-found', 4, 'cannot list your jobs: Not found'],
  [405, {}, 'not-supported', 1, 'cannot list your jobs: Rescale answered 405'],
  [409, { detail: 'Busy.' }, 'conflict', 6, 'cannot list your jobs: Busy'],
  [418, [], 'refused', 1, 'cannot list your jobs: Rescale answered 418'],
  [429, { detail: 'Throttled.' }, 'rate-limited', 5, 'cannot list your jobs: Throttled'],
  [
    500,
    '<h1>Oops</h1>',
    'server-error',
    1,
    'cannot list your jobs: Rescale or a proxy before it answered 500',
  ],
  [502, '<html>', 'unavailable', 5, 'cannot list your jobs: Rescale or a proxy before it answered 502'],
  [503, {}, 'unavailable', 5, 'cannot list your jobs: Rescale or a proxy before it answered 503'],
  [504, {}, 'unavailable', 5, 'cannot list your jobs: Rescale or a proxy before it answered 504'],
  [529, {}, 'unavailable', 5, 'cannot list your jobs: Rescale or a proxy before it answered 529'],
])('status %s is an error with a code and a next step', async (status, body, code, exitCode, message) => {
  await using bed = await openRescaleBed();
  bed.emulator.faults.add({ kind: 'answer', route: 'GET /api/v2/jobs/', status, body });
  const error = await failureOf(listJobs(bed.client, { all: false, signal }));
  expect(error).toMatchObject({ code, exitCode, message, hint: expect.any(String) });
});

test('messages by field are told with their fields', async () => {
  await using bed = await openRescaleBed();
  const body = {
    jobanalyses: [{ hardware: { walltime: ['Too long.', 'Too odd.'] } }],
    non_field_errors: ['No.'],
  };
  bed.emulator.faults.add({ kind: 'answer', route: '*', status: 400, body });
  expect((await failureOf(stopJob(bed.client, 'OsKBd', signal))).message).toBe(
    'cannot stop job OsKBd: jobanalyses: hardware: walltime: Too long; jobanalyses: hardware: walltime: Too odd; No',
  );
});

test('endless words of a refusal are cut', async () => {
  await using bed = await openRescaleBed();
  bed.emulator.faults.add({ kind: 'answer', route: '*', status: 400, body: { detail: 'x'.repeat(100_000) } });
  expect((await failureOf(listJobs(bed.client, { all: false, signal }))).message.length).toBeLessThan(1_100);
});

test('who is asked for a pause makes it, says so, and tries again', async () => {
  await using bed = await openRescaleBed();
  const throttled = {
    kind: 'answer',
    route: 'GET /api/v2/jobs/',
    status: 429,
    headers: { 'Retry-After': '1' },
  } as const;
  const fault = bed.emulator.faults.add(throttled, 1);
  const begun = performance.now();
  await listJobs(bed.client, { all: false, signal });
  expect(fault.hits).toBe(1);
  expect(performance.now() - begun).toBeGreaterThan(900);
  expect(bed.said).toEqual(['Rescale asks for a pause (status 429); trying again in 1 s']);
});

test('a pause that is too long for one call is told', async () => {
  await using bed = await openRescaleBed({ limits: { jobs: 1 } });
  await listJobs(bed.client, { all: false, signal });
  const error = await failureOf(listJobs(bed.client, { all: false, signal }));
  expect(error).toMatchObject({ code: 'rate-limited', details: { status: 429 } });
  expect(error.details['retryAfterSeconds']).toBeGreaterThan(3_500);
  expect(error.hint).toBe('it asks to be tried again in 60 minutes');
});

test('a redirect is not followed, and the key reaches nobody else', async () => {
  await using thief = await openStranger((_asked, response) =>
    answerJson(response, { results: [], next: null }),
  );
  await using front = await openStranger((_asked, response) => {
    response.writeHead(302, { Location: `${thief.address}/api/v2/jobs/` }).end();
  });
  const network = openNetwork();
  const error = await failureOf(
    listJobs(clientOf(front.address, apiKey, { network }), { all: false, signal }),
  );
  await network.close();
  expect(error).toMatchObject({ code: 'redirected', exitCode: 5 });
  expect(thief.asked).toEqual([]);
});

test.each([
  ['another host', (address: string) => `http://evil.example${new URL(address).pathname}api/v2/jobs/?page=2`],
  ['another port', () => 'http://127.0.0.1:1/api/v2/jobs/?page=2'],
  ['another path', (address: string) => `${address}/api/v2/users/me/?page=2`],
  ['no address', () => 'http://[x'],
])('a next page at %s is not followed', async (_what, next) => {
  await using platform = await openStranger((_asked, response) =>
    answerJson(response, { results: [{ id: 'a' }], next: next(platform.address) }),
  );
  const network = openNetwork();
  const client = clientOf(platform.address, apiKey, { network });
  const error = await failureOf(listJobs(client, { all: false, signal }));
  await network.close();
  expect(error).toMatchObject({ code: 'protocol', message: expect.stringContaining('next page') });
  expect(platform.asked).toHaveLength(1);
});

test('a next page that a proxy has made http of, and one without its slash, are followed to the address of the key', async () => {
  const pages = [
    { results: [{ id: 'a' }], next: '/api/v2/jobs?page=2' },
    { results: [{ id: 'b' }], next: null },
  ];
  await using platform = await openStranger((_asked, response) => answerJson(response, pages.shift()));
  const network = openNetwork();
  const { items } = await listJobs(clientOf(platform.address, apiKey, { network }), { all: true, signal });
  await network.close();
  expect(items.map(({ id }) => id)).toEqual(['a', 'b']);
  expect(platform.asked.map(({ url }) => url)).toEqual([
    '/api/v2/jobs/?page_size=100',
    '/api/v2/jobs/?page=2',
  ]);
});

test.each([
  ['repeats its first page', (): string => '/api/v2/jobs/?page_size=100'],
  ['names a new page for ever', (page: number): string => `/api/v2/jobs/?page=${page}`],
])('a list that %s comes to an end', async (_what, next) => {
  let page = 1;
  await using platform = await openStranger((_asked, response) => {
    page += 1;
    const results = Array.from({ length: 1_000 }, (_, index) => ({ id: `j${page}x${index}` }));
    answerJson(response, { results, next: next(page) });
  });
  const network = openNetwork();
  const listed = await listJobs(clientOf(platform.address, apiKey, { network }), { all: true, signal }).catch(
    (error: unknown) => error,
  );
  await network.close();
  if (listed instanceof BaiError) expect(listed.code).toBe('answer-too-large');
  else expect(listed).toMatchObject({ isCut: true });
  expect(platform.asked.length).toBeLessThan(12);
});

test('an entry that has not the form does not hide the others', async () => {
  const results = [
    null,
    7,
    {},
    { id: 5 },
    { id: '../x' },
    { id: 'OsKBd', name: 4, jobStatus: 'x', analysisNames: 1 },
  ];
  await using platform = await openStranger((_asked, response) =>
    answerJson(response, { results, next: null }),
  );
  const network = openNetwork();
  const { items } = await listJobs(clientOf(platform.address, apiKey, { network }), { all: true, signal });
  await network.close();
  expect(items).toEqual([
    {
      ...{ id: 'OsKBd', name: '', owner: '', status: 'Saved', phase: 'suspended', clusterStatus: '' },
      ...{ analyses: [], createdAt: '' },
    },
  ]);
});

test.each([
  '<html>Sign in to this network</html>',
  '[]',
  '{"results": {}}',
  '',
  '{"results":[]',
  '['.repeat(20_000),
])('what is no answer of the platform is told: %j', async (body) => {
  await using bed = await openRescaleBed();
  bed.emulator.faults.add({ kind: 'answer', route: '*', status: 200, body });
  const error = await failureOf(listJobs(bed.client, { all: false, signal }));
  expect(error).toMatchObject({ code: 'protocol', exitCode: 1 });
  expect(error.message).toContain(bed.emulator.address);
});

test('the key is nowhere in what fails, whatever the server repeats of it', async () => {
  await using echo = await openStranger(({ headers }, response) =>
    answerJson(response, { detail: `who is ${headers.authorization}?` }, 400),
  );
  const network = openNetwork();
  const client = clientOf(echo.address, apiKey, { network });
  const error = await failureOf(listJobs(client, { all: false, signal }));
  await network.close();
  expect(echo.asked[0]?.headers.authorization).toBe(`Token ${apiKey}`);
  expect(error.message).toBe('cannot list your jobs: who is Token [API key]?');
  for (const shown of [inspect(error, { depth: 9, showHidden: true }), inspect(client, { depth: 9 })])
    expect(shown).not.toContain(apiKey);
});

test('an id that is none is not asked for', async () => {
  await using bed = await openRescaleBed();
  for (const id of ['', '../users/me', 'a b', 'x'.repeat(33), 'é'])
    expect(await describeJob(bed.client, id, signal)).toBeUndefined();
  expect(bed.emulator.requests).toEqual([]);
});

test.each([
  ['cut before its answer', { kind: 'reset', route: 'POST *' }],
  ['answered by a gateway that gave up', { kind: 'answer', route: 'POST *', status: 504 }],
] as const)('a stop that is %s may have been heard, and is not sent twice', async (_what, fault) => {
  await using bed = await openRescaleBed();
  const job = await bed.job();
  const strikes = bed.emulator.faults.add(fault);
  const error = await failureOf(stopJob(bed.client, job.id, signal));
  expect(error).toBeInstanceOf(UnsureError);
  expect(error.message).toContain('it may end anyway');
  expect(strikes.hits).toBe(1);
});

test('the connection that breaks is told with who was spoken to', async () => {
  await using bed = await openRescaleBed();
  await bed.emulator.faults.refuseConnections(true);
  const error = await failureOf(listJobs(bed.client, { all: false, signal }));
  expect(error.message).toBe(
    `cannot reach Rescale at ${bed.emulator.address}: nothing listens there (ECONNREFUSED)`,
  );
  expect(error.hint).toBe('check the endpoint, and that Rescale runs');
});

test('a platform that is silent is not waited for without an end', async () => {
  await using bed = await openRescaleBed();
  bed.emulator.faults.add({ kind: 'hang', route: '*' });
  const network = openNetwork(300);
  const client = clientOf(bed.emulator.address, bed.emulator.apiKey, { network });
  expect(await failureOf(jobInstances(client, 'OsKBd', signal))).toMatchObject({
    code: 'timeout',
    exitCode: 5,
  });
  await network.close();
});

test('a wait for an answer ends with the interrupt', async () => {
  await using bed = await openRescaleBed();
  bed.emulator.faults.add({ kind: 'hang', route: '*' });
  const user = new AbortController();
  const listed = listJobs(bed.client, { all: false, signal: user.signal });
  const interrupt = new BaiError('interrupted');
  user.abort(interrupt);
  await expect(listed).rejects.toBe(interrupt);
});
