/** A forward whose session ends keeps its port and its silence: here it says so and ends with 12, on every manager. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cleanEnvironment, finished, untilPrinted } from '../support/bai.ts';
import { consoleKinds, managerKinds } from '../support/managers.ts';
import {
  dial,
  type EmulatorBed,
  type Forward,
  forward,
  freePort,
  listenersOn,
  openEmulator,
  openSession,
  readAll,
  readPort,
  startForward,
  take,
  until,
} from './app-bed.ts';

const limits = { timeout: 180_000 };

describe.each(managerKinds().map((kind) => [kind.name, kind] as const))('%s', limits, (_, kind) => {
  test('an idle forward, and one that is used, say that the session has ended, and end with 12', async () => {
    await using bed = await openSession(kind);
    await using idle = await forward(bed, [bed.session]);
    await using used = await forward(bed, [bed.session]);
    const client = await dial(used.port);
    await take(client, 4);
    const closed = readAll(client);
    expect((await bed.bai(['session', 'terminate', bed.session])).code).toBe(0);
    await closed;
    for (const each of [idle, used]) await expectEnd(each, bed.session);
  });

  test('ssh with forwards says so and ends with 12, without them with ssh’s 255, and --stdio with 12', async () => {
    await using bed = await openSession(kind);
    const ssh = (...words: string[]) => bed.start(['ssh', bed.session, ...words]);
    expect((await bed.bai(['ssh', bed.session, '--', 'true'])).code).toBe(0);
    const ports = [await freePort(), await freePort()];
    const builtin = ssh('--client', 'builtin', '--', '-N', '-L', `${ports[0]}:127.0.0.1:1`);
    const system = ssh('--client', 'system', '--', '-N', '-L', `127.0.0.1:${ports[1]}:127.0.0.1:1`);
    const command = ssh('--client', 'builtin', '--', 'echo in; sleep 600');
    const stdio = ssh('--stdio');
    const ends = [builtin, system, command, stdio].map((child) => finished(child));
    await Promise.all([untilPrinted(command, 'stdout', /in\n/), untilPrinted(stdio, 'stdout', /SSH-2/)]);
    await until(() => ports.every((port) => listenersOn(port).length > 0), 'the forwards listen', 60_000);
    expect((await bed.bai(['session', 'terminate', bed.session])).code).toBe(0);
    const ended = await Promise.all(ends);
    expect(ended.map(({ code }) => code)).toEqual([12, 12, 255, 12]);
    for (const { stderr } of ended) expect(stderr).toContain(`error: session ${bed.session} has ended`);
  });

  test.skipIf(!kind.hasClusters)('a forward to another container ends as well', async () => {
    await using bed = await openSession(kind, '--cluster-size', '2');
    await using node = await startForward(bed, ['ssh', bed.session, '--node', 'sub1', '--no-client']);
    (await dial(node.port)).destroy();
    expect((await bed.bai(['session', 'terminate', bed.session])).code).toBe(0);
    await expectEnd(node, bed.session);
  });
});

/** It keeps connections open whose other end is gone. */
const consoles = consoleKinds().filter(({ isGenuine, release }) => isGenuine || release === '26.9.6');

describe.each(consoles.map((kind) => [kind.name, kind] as const))('%s', limits, (_, kind) => {
  test('plain ssh, ssh over a forward and both clients end by themselves, though no end is passed on', async () => {
    await using bed = await openSession(kind);
    const { session, home } = bed;
    const command = 'echo in; sleep 600';
    expect((await bed.bai(['ssh-config', 'install'])).code).toBe(0);
    // So that its keys are there, and plain ssh goes by the id alone.
    expect((await bed.bai(['ssh', session, '--', 'true'])).code).toBe(0);
    await using forwarded = await forward(bed, [session]);
    // Nothing of ssh's own notices it: such clients ask for no answer.
    const never = ['-o', 'ServerAliveInterval=0'];
    const plain = (words: readonly string[]) =>
      spawn('ssh', [...never, ...words, command], { cwd: home, env: cleanEnvironment(bed) });
    const host = ['-o', 'StrictHostKeyChecking=no', '-o', `UserKnownHostsFile=${join(home, 'hosts')}`];
    const clients = [
      plain(['-F', join(home, '.ssh', 'config'), `${session}.bai`]),
      plain([
        '-F',
        'none',
        '-i',
        join(home, '.ssh', 'id_container'),
        ...host,
        '-p',
        String(forwarded.port),
        'work@127.0.0.1',
      ]),
      bed.start(['ssh', session, '--client', 'system', '--', command]),
      bed.start(['ssh', session, '--client', 'builtin', '--', command]),
    ];
    const ends = clients.map((child) => finished(child));
    await Promise.all(clients.map((child) => untilPrinted(child, 'stdout', /in\n/)));
    expect((await bed.bai(['session', 'terminate', session])).code).toBe(0);
    const ended = await Promise.all(ends);
    expect(ended.map(({ code }) => code)).toEqual([255, 255, 255, 255]);
    const said = ended.map(({ stderr }) => stderr.includes(`error: session ${session} has ended`));
    expect(said).toEqual([true, false, true, true]);
    await expectEnd(forwarded, session);
  });
});

describe('a manager whose events do not come', () => {
  const events = 'GET /events/session';

  test('a connection that fails because the session has ended ends the forward at once', async () => {
    await using bed = await demo();
    using _none = bed.emulator.faults.add({ kind: 'hang', route: events });
    await using forwarded = await forward(bed, ['demo']);
    // From its first look on it asks by itself only once a minute.
    const before = bed.emulator.requests.length;
    await until(() => bed.emulator.requests.length > before, 'it has looked');
    await bed.bai(['session', 'terminate', 'demo']);
    expect((await readPort(forwarded.port)).error).toBe('ECONNRESET');
    await expectEnd(forwarded, 'demo');
    expect(forwarded.stderr()).not.toContain('a connection failed');
  });

  test('a connection that ends with the session ends the forward as well', async () => {
    await using bed = await demo();
    using _none = bed.emulator.faults.add({ kind: 'answer', route: events, status: 501 });
    await using forwarded = await forward(bed, ['demo']);
    const client = await dial(forwarded.port);
    await take(client, 4);
    const closed = readAll(client);
    await bed.bai(['session', 'terminate', 'demo']);
    await closed;
    await expectEnd(forwarded, 'demo');
  });

  test('an event stream that broke off is opened again', async () => {
    await using bed = await demo();
    const broken = bed.emulator.faults.add({ kind: 'reset', route: events }, 1);
    const opened = (): number =>
      bed.emulator.requests.filter(({ target }) => target.startsWith('/events/session')).length;
    const before = opened();
    await using forwarded = await forward(bed, ['demo']);
    await until(() => broken.hits === 1, 'it broke off');
    await until(() => opened() > before, 'it is opened again');
    await bed.bai(['session', 'terminate', 'demo']);
    await expectEnd(forwarded, 'demo');
  });

  test('a manager that is away for a while does not end the forward', async () => {
    await using bed = await demo();
    await using forwarded = await forward(bed, ['demo']);
    await bed.emulator.faults.refuseConnections(true);
    expect((await readPort(forwarded.port)).error).toBe('ECONNRESET');
    await until(() => /a connection failed/.test(forwarded.stderr()), 'it is told');
    await bed.emulator.faults.refuseConnections(false);
    const client = await dial(forwarded.port);
    expect((await take(client, 8)).toString()).toMatch(/^SSH-2/);
    client.destroy();
    expect(forwarded.child.exitCode).toBeNull();
  });
});

async function demo(): Promise<EmulatorBed> {
  const bed = await openEmulator();
  await bed.create('demo');
  await bed.bai(['ssh', 'demo', '--', 'true']);
  return bed;
}

async function expectEnd(forwarded: Forward, session: string): Promise<void> {
  const { child, port } = forwarded;
  await until(() => child.exitCode !== null, 'it has ended', 30_000);
  expect([child.exitCode, forwarded.stderr()]).toEqual([
    12,
    expect.stringMatching(new RegExp(`^error: session ${session} has ended.*\\nhint: .*\\n$`, 'm')),
  ]);
  expect(listenersOn(port)).toEqual([]);
}
