/** `session create` and `session wait`: what they print and how they end, on an old and a new release. */

import { once } from 'node:events';
import { expect, test } from 'vitest';
import { type BaiResult, bai, finished, startBai, statusOf, untilPrinted } from '../support/bai.ts';
import { until } from '../support/until.ts';
import { openBed, type TestBed } from './emulator-client.ts';

function optionsOf({ emulator, folder }: TestBed) {
  const { endpoint, accessKey, secretKey } = emulator;
  const account = { BACKEND_ACCESS_KEY: accessKey, BACKEND_SECRET_KEY: secretKey };
  return { home: folder, env: { BACKEND_ENDPOINT: endpoint, ...account } };
}

const run = (bed: TestBed, args: string): Promise<BaiResult> => bai(args.split(' '), optionsOf(bed));
const idOf = (bed: TestBed, name: string): string => bed.emulator.sessions.get(name).id;

/** Starts it, and gives the session it made as soon as the emulator has it in this state. */
async function startHeld(bed: TestBed, args: string, state: string) {
  bed.emulator.sessions.holdAt(state);
  const child = startBai(args.split(' '), optionsOf(bed));
  child.stdin.end();
  const end = finished(child);
  const shown = untilPrinted(child, 'stderr', new RegExp(state));
  await Promise.all([
    shown,
    until(() => bed.emulator.sessions.all()[0]?.status === state, `${state} is reached`),
  ]);
  const [session] = bed.emulator.sessions.all();
  if (session === undefined) throw new Error('there is no session');
  return { child, end, session };
}

const releases = ['26.9.6', '23.09.10'];

test.each(releases)('%s: stdout is name and id, the states are on stderr', async (release) => {
  await using bed = await openBed({ release, stepDelayMs: 30 });
  const { code, stdout, stderr } = await run(bed, 'session create python:3.11 --name demo');
  expect([code, stdout]).toEqual([0, `demo ${idOf(bed, 'demo')}\n`]);
  expect(stderr).toContain('demo: PENDING\n');
  expect(stderr).toContain('demo: RUNNING\n');
  expect(bed.emulator.unknownRoutes).toEqual([]);
});

test('--json: stdout is one object, stderr is silent', async () => {
  await using bed = await openBed();
  const { stdout, stderr } = await run(bed, 'session create python --name demo --json');
  expect(JSON.parse(stdout)).toEqual({
    id: idOf(bed, 'demo'),
    name: 'demo',
    status: 'RUNNING',
    created: true,
    image: 'python',
    provider: 'backend.ai',
  });
  expect(stderr).toBe('');
});

test('--quiet leaves the answer only', async () => {
  await using bed = await openBed();
  const { stdout, stderr } = await run(bed, 'session create python --name demo -q');
  expect([stdout, stderr]).toEqual([`demo ${idOf(bed, 'demo')}\n`, '']);
});

test.each(['--no-wait', '--enqueue-only'])('%s returns when the session is in the queue', async (flag) => {
  await using bed = await openBed();
  bed.emulator.sessions.holdAt('PENDING');
  const { code, stdout } = await run(bed, `session create python --name demo ${flag} --json`);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ status: 'PENDING', created: true });
});

const ends = [
  ['ERROR', 10],
  ['CANCELLED', 11],
  ['TERMINATED', 12],
] as const;

test.each(releases.flatMap((release) => ends.map(([end, code]) => [release, end, code] as const)))(
  '%s: create does not exit 0 for a session in %s, but %d',
  async (release, end, expected) => {
    await using bed = await openBed({ release });
    const { end: ended, session } = await startHeld(bed, 'session create python --name demo', 'SCHEDULED');
    await session.force(end, 'no-space-on-agent');
    const { code, stdout, stderr } = await ended;
    expect([code, stdout]).toEqual([expected, '']);
    expect(stderr).toContain(`error: session demo did not start: demo: ${end} (no-space-on-agent`);
    expect(stderr).toContain(`hint: \`bai session info ${session.id}\``);
  },
);

test('with --json an end is one line on stderr with its own code', async () => {
  await using bed = await openBed();
  const { end, session } = await startHeld(bed, 'session create python --name demo', 'SCHEDULED');
  await session.force('ERROR', 'failed');
  await end;
  const { code, stdout, stderr } = await run(bed, 'session wait demo --json');
  expect([code, stdout]).toEqual([10, '']);
  expect(JSON.parse(stderr)).toMatchObject({
    error: { code: 'session-error', exitCode: 10, id: session.id, status: 'ERROR', reason: 'failed' },
  });
});

test.each(['--timeout', '--max-wait'])('%s over: exit 5, the session goes on, and how to', async (flag) => {
  await using bed = await openBed();
  bed.emulator.sessions.holdAt('PENDING');
  const { code, stdout, stderr } = await run(bed, `session create python --name demo ${flag} 0.5`);
  expect([code, stdout]).toEqual([5, '']);
  expect(stderr).toContain('error: session demo was not running after 0.5 s');
  expect(stderr).toContain('bai session wait demo');
  expect(bed.emulator.sessions.get('demo').status).toBe('PENDING');
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s while waiting: its status, and how to go on',
  async (signal) => {
    await using bed = await openBed();
    const { child, end } = await startHeld(bed, 'session create python --name demo', 'PENDING');
    child.kill(signal);
    const { code, stdout, stderr } = await end;
    expect([code, stdout]).toEqual([statusOf(signal), '']);
    expect(stderr).toContain('interrupted while session demo was starting');
    expect(stderr).toMatch(/bai session wait demo.*bai session terminate demo/);
  },
);

test('Ctrl-C while the creation is under way: 130, and the name the session may have', async () => {
  await using bed = await openBed();
  using fault = bed.emulator.faults.add({ kind: 'hang', route: 'POST /session' });
  const child = startBai(['session', 'create', 'python', '--name', 'demo'], optionsOf(bed));
  const end = finished(child);
  await until(() => fault.hits > 0, 'the creation was sent');
  child.kill('SIGINT');
  const { code, stderr } = await end;
  expect(code).toBe(130);
  expect(stderr).toContain('demo');
});

test('a session of that name is used again, and that is said', async () => {
  await using bed = await openBed();
  const { id } = await bed.session('demo');
  const { code, stdout, stderr } = await run(bed, 'session create python --name demo');
  expect([code, stdout]).toEqual([0, `demo ${id}\n`]);
  expect(stderr).toContain('already exists');
});

test.each(releases)('%s: --no-reuse ends with 6 when there is one', async (release) => {
  await using bed = await openBed({ release });
  await bed.session('demo');
  const { code, stderr } = await run(bed, 'session create python --name demo --no-reuse');
  expect(code).toBe(6);
  expect(stderr).toContain('hint: choose another --name');
  expect(bed.emulator.sessions.all()).toHaveLength(1);
});

test('another image under a name in use is a conflict, not a silent reuse', async () => {
  await using bed = await openBed();
  await bed.session('demo');
  const { code } = await run(bed, 'session create python:3.12 --name demo');
  expect(code).toBe(6);
});

test('waits for a session used again that does not run yet', async () => {
  await using bed = await openBed();
  const first = await startHeld(bed, 'session create python --name demo', 'PENDING');
  first.child.kill('SIGINT');
  await first.end;
  const child = startBai(['session', 'create', 'python', '--name', 'demo'], optionsOf(bed));
  const end = finished(child);
  await untilPrinted(child, 'stderr', /demo: PENDING/);
  bed.emulator.sessions.holdAt(undefined);
  expect((await end).code).toBe(0);
});

test.each(releases)('%s: a short image name is found', async (release) => {
  await using bed = await openBed({ release, images: ['cr.backend.ai/multi/r-base:4.3-ubuntu22.04'] });
  const { code, stderr } = await run(bed, 'session create multi/r-base:4.3 --name demo');
  expect(code).toBe(0);
  expect(stderr).toContain('image: cr.backend.ai/multi/r-base:4.3-ubuntu22.04');
});

test.each(releases)('%s: an unknown image ends with 4 and names images', async (release) => {
  await using bed = await openBed({ release });
  const { code, stderr } = await run(bed, 'session create pyton --name demo');
  expect(code).toBe(4);
  expect(stderr).toContain('error: there is no image pyton');
  expect(stderr).toMatch(/hint: .*python/);
  expect(bed.emulator.sessions.all()).toEqual([]);
});

test.each(['abc', 'has%20space', '-dash', 'dot.', 'from-template', 'a'.repeat(65)])(
  'the name %s is refused on this machine: newer managers would take it',
  async (name) => {
    await using bed = await openBed();
    const { code, stderr } = await run(bed, `session create python --name=${name}`);
    expect(code).toBe(2);
    expect(stderr).toContain('hint:');
    expect(bed.emulator.requests).toEqual([]);
  },
);

test('a batch session without a command is refused on this machine', async () => {
  await using bed = await openBed();
  const { code, stderr } = await run(bed, 'session create python --type batch');
  expect(code).toBe(2);
  expect(stderr).toContain('--startup-command');
  expect(bed.emulator.requests).toEqual([]);
});

test.each(releases)('%s: a batch session that is done before anyone looks has run', async (release) => {
  await using bed = await openBed({ release });
  const { code } = await run(bed, 'session create python --name demo --type batch -c true');
  expect(code).toBe(0);
});

test('why a session stays PENDING is told', async () => {
  await using bed = await openBed();
  const { code, stderr } = await run(bed, 'session create python --name demo -r cpu=4000 --timeout 1');
  expect(code).toBe(5);
  expect(stderr).toContain('demo: PENDING (no-available-instances)');
});

const foreign = ['session_started', 'session_terminated', 'session_cancelled']
  .map(
    (event) =>
      `event: ${event}\r\ndata: {"sessionId":"2f1c9b5e-7d0a-4b63-9a51-0f6d2c1e8b77","reason":"x"}\r\n\r\n`,
  )
  .join('');

test.each([
  ['are not offered', { kind: 'answer', status: 404 }],
  ['are refused', { kind: 'answer', status: 500, body: '<html>' }],
  ['never come', { kind: 'hang' }],
  ['break off', { kind: 'reset' }],
  ['are another session’s', { kind: 'answer', status: 200, contentType: 'text/event-stream', body: foreign }],
  ['are no JSON', { kind: 'answer', status: 200, body: 'event: x\r\ndata: {{{\r\n\r\n' }],
  ['are one line without end', { kind: 'answer', status: 200, body: `data: ${'x'.repeat(3 << 20)}` }],
] as const)('when events %s, polling finishes the wait', async (_how, fault) => {
  await using bed = await openBed({ stepDelayMs: 60 });
  bed.emulator.faults.add({ ...fault, route: 'GET /events/session' });
  const { code, stdout, stderr } = await run(bed, 'session create python --name demo');
  expect(stderr).not.toMatch(/bug|reject/i);
  expect([code, stdout]).toEqual([0, `demo ${idOf(bed, 'demo')}\n`]);
});

test.each(['reset', 'answer'] as const)('one failed look (%s) does not end the wait', async (kind) => {
  await using bed = await openBed();
  const { end } = await startHeld(bed, 'session create python --name demo', 'PENDING');
  const fault = bed.emulator.faults.add({ kind, route: 'POST /admin/gql', status: 502, body: '<html>' }, 1);
  await until(() => fault.hits > 0, 'a look failed');
  bed.emulator.sessions.holdAt(undefined);
  expect((await end).code).toBe(0);
});

test('session wait: a session that runs is answered at once', async () => {
  await using bed = await openBed();
  const { id } = await bed.session('demo');
  const { code, stdout } = await run(bed, `session wait ${id}`);
  expect([code, stdout]).toEqual([0, `demo ${id}\n`]);
});

test.each([
  ['CANCELLED', 11],
  ['TERMINATED', 12],
] as const)('session wait: one that has become %s meanwhile ends with %d', async (end, expected) => {
  await using bed = await openBed();
  const { id } = await bed.session('demo');
  await bed.emulator.sessions.get(id).end(end, 'user-requested');
  const { code, stdout } = await run(bed, `session wait ${id}`);
  expect([code, stdout]).toEqual([expected, '']);
});

test('a closed stdout is no crash', async () => {
  await using bed = await openBed();
  const child = startBai(['session', 'create', 'python', '--name', 'demo'], optionsOf(bed));
  child.stdout.destroy();
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
});
