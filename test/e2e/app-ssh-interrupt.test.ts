/** Ctrl-C, and SIGTERM, at every stage before and while something is open: 130, 143 or 0, and nothing left. */

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type EmulatorBed, filesIn, openEmulator, until } from '../contract/app-bed.ts';
import { finished, statusOf, untilPrinted } from '../support/bai.ts';

interface Stage {
  readonly name: string;
  readonly prepare: (bed: EmulatorBed) => Promise<void> | void;
  /** Whether bai has come to this stage. */
  readonly reached: (bed: EmulatorBed) => boolean;
}

const hits = new Map<EmulatorBed, { readonly hits: number }>();

function hang(bed: EmulatorBed, route: string): void {
  hits.set(bed, bed.emulator.faults.add({ kind: 'hang', route }));
}

function slow(bed: EmulatorBed, route: string): void {
  hits.set(bed, bed.emulator.faults.add({ kind: 'delay', route, ms: 4_000 }));
}

const struck = (bed: EmulatorBed): boolean => (hits.get(bed)?.hits ?? 0) > 0;

const stages: Stage[] = [
  { name: 'the handshake', prepare: (bed) => hang(bed, 'GET /'), reached: struck },
  { name: 'resolving the session', prepare: (bed) => hang(bed, 'GET /session/_/match'), reached: struck },
  { name: 'asking for its apps', prepare: (bed) => hang(bed, 'GET /stream/session/*/apps'), reached: struck },
  { name: 'fetching the key', prepare: (bed) => hang(bed, '* /session/*/download*'), reached: struck },
  {
    name: 'dialling',
    prepare: (bed) => slow(bed, 'GET /stream/session/*/tcpproxy'),
    reached: struck,
  },
  {
    name: 'waiting for sshd to greet',
    prepare: (bed) => void hits.set(bed, bed.emulator.faults.add({ kind: 'sshd-silent' })),
    reached: struck,
  },
  {
    name: 'trying again while nothing listens',
    prepare: (bed) => bed.emulator.sessions.get('demo').stopSshd(),
    reached: (bed) => bed.emulator.requests.filter(({ target }) => target.includes('tcpproxy')).length > 2,
  },
];

const cases = (['system', 'builtin'] as const).flatMap((client) =>
  (['SIGINT', 'SIGTERM'] as const).map((signal) => [signal, client] as const),
);

for (const { name, prepare, reached } of stages) {
  test.each(cases)(
    `%s while ${name} ends with its status and leaves nothing, with the %s client`,
    async (signal, client) => {
      await using bed = await openEmulator();
      await bed.create('demo');
      await prepare(bed);
      const child = bed.start(['app', 'ssh', 'demo', '--client', client, '--', 'echo in']);
      const ended = finished(child);
      await until(() => reached(bed) || child.exitCode !== null, `bai is at ${name}`);
      expect(child.exitCode, 'it still runs').toBeNull();
      child.kill(signal);
      const { code, stdout, stderr } = await ended;
      expect([code, stdout], stderr).toEqual([statusOf(signal), '']);
      expect(stderr).not.toMatch(/bug|at .*\.js/);
      await until(() => bed.emulator.openTunnels === 0, 'no tunnel is open');
      const ssh = join(bed.home, '.ssh');
      expect(existsSync(ssh) ? filesIn(ssh).filter((file) => file !== 'id_container') : []).toEqual([]);
    },
  );
}

test.each(cases)(
  '%s while waiting for the session to run ends with its status, the session stays, with the %s client',
  async (signal, client) => {
    await using bed = await openEmulator();
    bed.emulator.sessions.holdAt('PREPARING');
    await bed.bai(['session', 'create', 'python', '--name', 'demo', '--no-wait']);
    const child = bed.start(['app', 'ssh', 'demo', '--client', client, '--', 'echo in']);
    const ended = finished(child);
    await untilPrinted(child, 'stderr', /demo: PREPARING/);
    child.kill(signal);
    expect((await ended).code).toBe(statusOf(signal));
    expect(bed.emulator.sessions.get('demo').isLive).toBe(true);
  },
);

test('key fetch interrupted while the key is on its way writes nothing and leaves what was there', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  const target = join(bed.home, 'key');
  writeFileSync(target, 'mine');
  const fault = bed.emulator.faults.add({ kind: 'hang', route: '* /session/*/download*' });
  const child = bed.start(['key', 'fetch', 'demo', '--output', target, '--force']);
  const ended = finished(child);
  await until(() => fault.hits > 0, 'the key is asked for');
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ code: 130, stdout: '' });
  expect(filesIn(bed.home).filter((file) => file.startsWith('key'))).toEqual(['key']);
});

test('a second Ctrl-C ends it at once', async () => {
  await using bed = await openEmulator();
  await bed.create('demo');
  const fault = bed.emulator.faults.add({ kind: 'hang', route: '* /session/*/download*' });
  const child = bed.start(['key', 'fetch', 'demo']);
  const ended = finished(child);
  await until(() => fault.hits > 0, 'the key is asked for');
  child.kill('SIGINT');
  child.kill('SIGINT');
  // A signal that comes while Node ends the process ends it by itself: the same 130 for a shell.
  expect([130, -2]).toContain((await ended).code);
});
