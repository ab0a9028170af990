/** Clients of a forwarder that go away, on every manager: nothing of them stays open, here or in the session. */

import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { managerKinds } from '../support/managers.ts';
import { inTime } from '../support/until.ts';
import {
  dial,
  type Forward,
  forward,
  openSession,
  type SessionBed,
  startForward,
  take,
  until,
} from './app-bed.ts';

const manyLogins = { timeout: 400_000 };
const mebibyte = 1024 * 1024;
const liveMemory = fileURLToPath(new URL('../support/live-memory.cjs', import.meta.url));

describe.each(managerKinds().map((kind) => [kind.name, kind] as const))('%s', manyLogins, (_, kind) => {
  let bed: SessionBed;

  beforeAll(async () => {
    bed = await openSession(kind);
    await bed.bai(['app', 'ssh', bed.session, '--', 'true']);
  }, 120_000);

  afterAll(() => bed?.[Symbol.asyncDispose](), 60_000);

  test('six port probes lock everybody out for minutes: here the next one is greeted at once', async () => {
    await using forwarded = await forward(bed, [bed.session]);
    const before = await countOpen(bed, forwarded);
    for (let round = 0; round < 6; round += 1) (await dial(forwarded.port)).destroy();
    for (let round = 0; round < 7; round += 1) (await expectGreeting(forwarded.port)).destroy();
    await untilAsBefore(before, bed, forwarded);
  });

  test('a hundred failed logins in a row through one forwarder: a good one after each ten gets in at once', async () => {
    await using forwarded = await forward(bed, [bed.session]);
    const before = await countOpen(bed, forwarded);
    const wrongKey = join(bed.home, 'wrong');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', wrongKey]);
    const rightKey = join(bed.home, '.ssh/id_container');
    expect((await login(bed, forwarded.port, rightKey)).status).toBe(0);
    for (let ten = 1; ten <= 10; ten += 1) {
      for (let index = 0; index < 10; index += 1) {
        const failed = await login(bed, forwarded.port, wrongKey);
        expect(failed).toMatchObject({ status: 255, stderr: expect.stringContaining('Permission denied') });
      }
      const good = await login(bed, forwarded.port, rightKey);
      expect(good.status, `after ${ten * 10}: ${good.stderr}`).toBe(0);
    }
    await untilAsBefore(before, bed, forwarded);
    expect(forwarded.stderr()).not.toContain('warning');
  });

  test('900 clients that connect and go leave 1,800 descriptors: here 5,000 leave none, and no memory', async () => {
    const report = join(bed.home, 'live-memory');
    const env = { NODE_OPTIONS: `--require ${JSON.stringify(liveMemory)}`, BAI_TEST_LIVE_MEMORY: report };
    await using forwarded = await forward(bed, [bed.session], { env });
    const { port, child } = forwarded;
    const before = await countOpen(bed, forwarded);
    const memory: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(Array.from({ length: 500 }, (__, index) => connectAndGo(port, index)));
      await untilAsBefore(before, bed, forwarded);
      memory.push(await liveMiB(child, report));
    }
    (await expectGreeting(port)).destroy();
    // Of each of the 3,500 clients in between less than two kilobytes: a connection that is kept has more than ten.
    expect(Math.min(...memory.slice(7)) - Math.min(...memory.slice(0, 3)), memory.join(' ')).toBeLessThan(6);
    expect(forwarded.stderr()).not.toContain('warning');
  });
});

for (const kind of managerKinds()) {
  describe.skipIf(!kind.hasClusters)(`${kind.name}, a session of two containers`, manyLogins, () => {
    test('clients of a forwarder to another container that connect and go leave nothing open', async () => {
      await using bed = await openSession(kind, '--cluster-size', '2');
      const words = ['ssh', bed.session, '--node', 'sub1', '--no-client'];
      await using forwarded = await startForward(bed, words);
      // The connection to main1 stays.
      (await expectGreeting(forwarded.port)).destroy();
      const before = await countOpen(bed, forwarded);
      for (let round = 0; round < 3; round += 1) {
        await Promise.all(Array.from({ length: 100 }, (_, index) => connectAndGo(forwarded.port, index)));
        (await expectGreeting(forwarded.port)).destroy();
        await untilAsBefore(before, bed, forwarded);
      }
      expect(forwarded.stderr()).not.toContain('warning');
    });
  });
}

/** In every way in which a client can go. */
async function connectAndGo(port: number, index: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  if (index % 5 === 1) socket.write('SSH-2.0-probe\r\n');
  if (index % 5 === 2) socket.resetAndDestroy();
  else if (index % 5 === 3) await new Promise<void>((resolve) => void socket.end(() => resolve()));
  socket.destroy();
}

/** Whoever is locked out is so for minutes. */
async function expectGreeting(port: number) {
  const socket = await dial(port);
  expect((await inTime(take(socket, 8), 'it is greeted')).toString()).toMatch(/^SSH-2\.0-/);
  return socket;
}

interface Login {
  readonly status: number;
  readonly stderr: string;
}

/** Status -1 when it takes a minute. */
function login(bed: SessionBed, port: number, key: string): Promise<Login> {
  const options = {
    IdentitiesOnly: 'yes',
    PreferredAuthentications: 'publickey',
    UserKnownHostsFile: join(bed.home, '.local/share/bai/known_hosts'),
    HostKeyAlias: `bai-${bed.id}`,
    BatchMode: 'yes',
  };
  const words = Object.entries(options).map(([name, value]) => `-o${name}=${value}`);
  const args = ['-F/dev/null', '-p', String(port), '-i', key, ...words, 'work@127.0.0.1', 'true'];
  const env = { PATH: process.env['PATH'], HOME: bed.home };
  return new Promise((resolve) => {
    execFile('ssh', args, { env, timeout: 60_000 }, (error, __, stderr) => {
      const status = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
      resolve({ status, stderr });
    });
  });
}

interface Open {
  /** Of the forwarder's process. */
  readonly descriptors: number;
  /** Connections that the far side has. */
  readonly far: number;
}

async function countOpen(bed: SessionBed, { child }: Forward): Promise<Open> {
  return {
    descriptors: readdirSync(`/proc/${child.pid}/fd`).length,
    far: bed.tunnels?.() ?? (await sshdProcesses(bed)),
  };
}

/** sshd has a process for each connection; that of the question counts each time. */
async function sshdProcesses(bed: SessionBed): Promise<number> {
  const asked = await bed.bai(['exec', bed.session, '--', 'cat /proc/[0-9]*/comm 2>/dev/null']);
  return asked.stdout.split('\n').filter((name) => /^(dropbear|sshd)/.test(name)).length;
}

async function untilAsBefore(before: Open, bed: SessionBed, forwarded: Forward): Promise<void> {
  let now = await countOpen(bed, forwarded);
  const isAsBefore = async (): Promise<boolean> => {
    now = await countOpen(bed, forwarded);
    // The agent keeps a connection for the next call to the manager.
    return now.descriptors <= before.descriptors + 1 && now.far <= before.far;
  };
  await until(isAsBefore, 'all is closed', 30_000).catch(() => {
    throw new Error(`left open: ${JSON.stringify({ before, now })}`);
  });
}

/** What is in use, after the garbage is collected: how much a process holds beyond that is for its runtime to decide. */
async function liveMiB(child: Forward['child'], report: string): Promise<number> {
  child.kill('SIGUSR2');
  await until(() => existsSync(report), 'it has told');
  const bytes = Number(readFileSync(report, 'utf8'));
  rmSync(report);
  return Math.round((bytes / mebibyte) * 10) / 10;
}
