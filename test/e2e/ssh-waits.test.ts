/** What does not come, or not yet: sessions that start, sshd that does not listen or greet, names that are not there. */

import { spawn } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { spawn as spawnOnTerminal } from '@lydell/node-pty';
import { describe, expect, test } from 'vitest';
import { type EmulatorBed, freePort, openEmulator, until } from '../contract/app-bed.ts';
import { type BaiResult, cleanEnvironment, finished, launcher, untilPrinted } from '../support/bai.ts';
import { sessionDropbearMissing, startSessionDropbear } from '../support/sshd.ts';
import { openTrap, type TrapBed, ways } from './traps-bed.ts';

const resources = ['-r', 'cpu=1', '-r', 'mem=256m'];

/** OpenSSH, by the configuration that bai wrote. */
async function plainSsh(bed: EmulatorBed, ...args: string[]): Promise<BaiResult> {
  const env = cleanEnvironment({ home: bed.home, env: bed.env });
  const child = spawn('ssh', ['-F', `${bed.home}/.ssh/config`, ...args], { env });
  child.stdin.end();
  return finished(child);
}

/** All four ways at once; each has to fail with nothing on stdout. */
async function failures({ bed, ...trap }: TrapBed): Promise<string[]> {
  const all = await Promise.all([...ways.map((way) => trap.in(way)), plainSsh(bed, 'demo.bai', 'echo in')]);
  expect(all.map(({ stdout }) => stdout)).toEqual(['', '', '', '']);
  const [builtin, system, sftp, plain] = all.map(({ code }) => code);
  expect([builtin, system, plain]).toEqual([255, 255, 255]);
  expect(sftp).toBe(5);
  return all.map(({ stderr }) => stderr);
}

const patience = { timeout: 120_000 };

describe.skipIf(sessionDropbearMissing !== undefined)('the dropbear of sessions', () => {
  // Each waits for half a minute in a session of its own.
  test.concurrent(
    'a host key that is gone: all ways name it after 30 s, and with the key back all get in',
    patience,
    async () => {
      await using trap = await openTrap(startSessionDropbear);
      await trap.bed.bai(['ssh-config', 'install']);
      for (const way of ways) expect((await trap.in(way)).code).toBe(0);
      expect((await plainSsh(trap.bed, 'demo.bai', 'echo in')).stdout).toBe('in\n');
      copyFileSync(trap.server.hostKeyPath, trap.here('kept'));
      rmSync(trap.server.hostKeyPath);
      for (const stderr of await failures(trap)) {
        expect(stderr).toMatch(/hung up before its greeting, again and again for 30 s/);
        expect(stderr).toMatch(
          /hint: its host key is gone when something emptied \/tmp.*make the session anew/,
        );
      }
      expect(trap.server.log()).toContain('No hostkeys available');
      copyFileSync(trap.here('kept'), trap.server.hostKeyPath);
      for (const way of ways) expect((await trap.in(way)).code).toBe(0);
    },
  );

  test.concurrent(
    'an sshd that does not listen is tried for 30 s in all ways, once for each',
    patience,
    async () => {
      await using trap = await openTrap(startSessionDropbear);
      await trap.bed.bai(['ssh-config', 'install']);
      expect((await plainSsh(trap.bed, 'demo.bai', 'echo in')).stdout).toBe('in\n');
      const hostPort = await freePort();
      const session = trap.bed.emulator.sessions.get('demo');
      session.addApp({ name: 'sshd', protocol: 'tcp', containerPort: 2200, hostPort });
      for (const stderr of await failures(trap)) {
        expect(stderr).toMatch(/does not listen inside the session; it was tried for 30 s/);
        expect(stderr).toMatch(/hint: .*`bai session logs \S+`.*make the session anew/);
      }
    },
  );

  test('a session without sshd among its apps: all ways name those there are', async () => {
    await using trap = await openTrap(startSessionDropbear);
    await trap.bed.bai(['ssh-config', 'install']);
    expect((await plainSsh(trap.bed, 'demo.bai', 'echo in')).stdout).toBe('in\n');
    trap.bed.emulator.sessions.get('demo').hideApp('sshd');
    const all = await Promise.all([
      ...ways.map((way) => trap.in(way)),
      trap.bed.bai(['ssh', 'demo', '--stdio']),
      plainSsh(trap.bed, 'demo.bai', 'echo in'),
    ]);
    expect(all.map(({ code }) => code)).toEqual([4, 4, 4, 4, 255]);
    for (const { stdout, stderr } of all) {
      expect(stdout).toBe('');
      expect(stderr).toMatch(/session demo has no app sshd\nhint: it offers: ttyd/);
    }
  });
});

describe('waiting', () => {
  test(
    'on a terminal it is said that sshd does not listen yet, and for how long it is tried',
    patience,
    async () => {
      await using bed = await openEmulator();
      await bed.create('demo');
      await bed.emulator.sessions.get('demo').stopSshd();
      using terminal = openTerminal(bed, ['ssh', 'demo', '--', 'echo', 'in-the-session']);
      await terminal.see(/sshd of session demo does not listen yet; it is tried for 30 s/);
      await bed.emulator.sessions.get('demo').restartSshd();
      await terminal.see(/in-the-session/);
    },
  );

  const pending = async (bed: EmulatorBed): Promise<void> => {
    const made = await bed.bai([
      'session',
      'create',
      'python',
      '--name',
      'large',
      '--no-wait',
      '-r',
      'cpu=1000',
      '-r',
      'mem=1g',
    ]);
    expect(made.code, made.stderr).toBe(0);
  };

  test('a PENDING session shows its reason in a pipe, for ssh and for sftp', async () => {
    await using bed = await openEmulator();
    await pending(bed);
    for (const args of [
      ['ssh', 'large', '--', 'true'],
      ['sftp', 'ls', 'large:.'],
    ]) {
      const child = bed.start(args);
      await untilPrinted(child, 'stderr', /large: PENDING \(no-available-instances\)\n/);
      const ended = finished(child);
      child.kill('SIGINT');
      expect(await ended).toMatchObject({ code: 130, stdout: '' });
    }
  });

  test('a PENDING session shows its reason on a terminal, also below plain ssh', async () => {
    await using bed = await openEmulator();
    await pending(bed);
    await bed.bai(['ssh-config', 'install']);
    using own = openTerminal(bed, ['ssh', 'large']);
    await own.see(/large: PENDING \(no-available-instances\)/);
    using below = openTerminal(bed, ['ssh', '-F', `${bed.home}/.ssh/config`, 'large.bai'], 'ssh');
    await below.see(/large: PENDING \(no-available-instances\)/);
  });

  test.each([
    ['ssh', (name: string) => ['ssh', name, '--', 'true']],
    ['ssh --stdio', (name: string) => ['ssh', name, '--stdio']],
    [
      'ssh --stdio of a host',
      (name: string) => ['ssh', '--stdio', '--ssh-host', `${name}.bai`, '--', `${name}.bai`],
    ],
    ['sftp', (name: string) => ['sftp', 'ls', `${name}:.`]],
  ])(
    '%s offers the nearest names for a session that is not there, and says of a stopped one that it has ended',
    async (_, words) => {
      await using bed = await openEmulator();
      await bed.create('training');
      await bed.create('stopped');
      await bed.bai(['session', 'terminate', 'stopped']);
      const missing = await bed.bai(words('trainnig'));
      expect([missing.code, missing.stdout]).toEqual([4, '']);
      expect(missing.stderr).toMatch(/no session named trainnig\nhint: did you mean training\?/);
      await until(
        async () => (await bed.bai(words('stopped'))).stderr.includes('TERMINATED'),
        'it has ended',
      );
      const ended = await bed.bai(words('stopped'));
      expect([ended.code, ended.stdout]).toEqual([4, '']);
      expect(ended.stderr).toMatch(/session stopped has ended \(TERMINATED\)\nhint: .*bai session logs \S+/);
    },
  );

  test('a session that fails while it is waited for is told with its reason', async () => {
    await using bed = await openEmulator();
    bed.emulator.sessions.holdAt('PREPARING');
    await bed.bai(['session', 'create', 'python', '--name', 'broken', '--no-wait', ...resources]);
    const child = bed.start(['ssh', 'broken', '--', 'true']);
    await untilPrinted(child, 'stderr', /broken: PREPARING/);
    const ended = finished(child);
    await bed.emulator.sessions.get('broken').force('ERROR', 'failed-to-start');
    expect(await ended).toMatchObject({ code: 10, stderr: expect.stringContaining('failed-to-start') });
  });
});

interface Terminal extends Disposable {
  see(pattern: RegExp): Promise<void>;
}

function openTerminal(bed: EmulatorBed, args: readonly string[], program?: string): Terminal {
  const [command, ...words] = program === undefined ? [process.execPath, launcher, ...args] : args;
  const env = { ...cleanEnvironment({ home: bed.home, env: bed.env }), TERM: 'xterm-256color' };
  const pty = spawnOnTerminal(command ?? '', words, { cols: 150, rows: 30, cwd: bed.home, env });
  let screen = '';
  pty.onData((data) => {
    screen += data;
  });
  return {
    see: (pattern) =>
      until(() => pattern.test(screen), `${pattern} on the screen`, 40_000).catch((error: unknown) => {
        throw new Error(`${String(error)}: ${JSON.stringify(screen)}`);
      }),
    [Symbol.dispose]: () => pty.kill('SIGKILL'),
  };
}
