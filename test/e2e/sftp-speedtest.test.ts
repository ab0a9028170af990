/** `bai sftp speedtest`: what it measures, what it leaves behind, and that transfers use what it found. */

import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LinkTuning, type StrongCipher, strongCiphers } from '../../src/core/ssh/link-tuning.ts';
import { UnreachableError } from '../../src/errors.ts';
import { type OpenSftpTools, openSftp as openSftpTo } from '../../src/services/sftp/open-sftp.ts';
import { openSshConnection } from '../../src/ssh/connection.ts';
import { openSftp } from '../../src/ssh/sftp.ts';
import { benchmarkLink, type MeasureOptions } from '../../src/transfer/benchmark/benchmark.ts';
import { type EmulatorBed, openEmulator, until } from '../contract/app-bed.ts';
import { finished, statusOf } from '../support/bai.ts';
import { providerWith } from '../support/provider.ts';
import { dropbearMissing, sshdMissing, startDropbear, startSshd, type TestSshd } from '../support/sshd.ts';
import { inTime } from '../support/until.ts';
import { recordingReporter } from './transfer-session.ts';

const rates = { upBytesPerSecond: expect.any(Number), downBytesPerSecond: expect.any(Number) };
const noRates = { upBytesPerSecond: null, downBytesPerSecond: null };

describe('bai sftp speedtest as a process', () => {
  let bed: EmulatorBed;
  let id: string;
  const remembered = (): string => join(bed.home, 'state', 'lines', `bai-${id}.json`);
  const env = (): Record<string, string> => ({ BAI_HOME: join(bed.home, 'state') });
  const run = (...args: string[]) => bed.bai(args, { env: env() });
  const dials = (): number =>
    bed.emulator.requests.filter(({ target }) => target.includes('tcpproxy')).length;
  const scratch = (): string[] => {
    const { home } = bed.emulator.sessions.get('demo');
    return home === undefined ? [] : filesNamed(home);
  };

  beforeAll(async () => {
    bed = await openEmulator();
    id = await bed.create('demo', '--mount', 'kept');
    await writeFile(join(bed.home, 'large.bin'), '');
    await truncate(join(bed.home, 'large.bin'), 512 * 1024 * 1024);
  });
  afterAll(() => bed[Symbol.asyncDispose]());

  test('it measures, chooses, remembers and leaves nothing in the session', async () => {
    const { code, stdout, stderr } = await run('--json', 'sftp', 'speedtest', 'demo', '--seconds', '0.1');
    expect([code, stderr]).toEqual([0, '']);
    const answer = JSON.parse(stdout);
    const gcm = { offered: false, ...noRates };
    expect(answer).toEqual({
      session: 'demo',
      roundTripMs: expect.any(Number),
      windowBytes: expect.any(Number),
      ciphers: [
        { name: 'aes128-gcm@openssh.com', ...gcm },
        { name: 'chacha20-poly1305@openssh.com', offered: true, ...rates },
        { name: 'aes256-gcm@openssh.com', ...gcm },
        { name: 'aes128-ctr', offered: true, ...rates },
        { name: 'aes256-ctr', offered: true, ...rates },
      ],
      connections: [1, 2, 4, 8].map((count) => ({ count, ...rates })),
      chosen: { cipher: expect.any(String), connections: expect.any(Number) },
    });
    expect(answer.windowBytes).toBeGreaterThan(100_000);
    expect(scratch()).toEqual([]);
    expect((await stat(remembered())).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(remembered(), 'utf8'))).toMatchObject(answer.chosen);
  });

  test('for people it is a table, and a sentence of what was chosen', async () => {
    const { code, stdout, stderr } = await run('sftp', 'speedtest', 'demo', '--seconds', '0.1');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^aes128-gcm@openssh\.com\tnot offered\t-\t-\n/);
    expect(stdout).toMatch(/^4 connections\t[\d.]+ \w+\/s\t[\d.]+ \w+\/s\t(-|yes)$/m);
    expect(stderr).toMatch(/transfers will use \S+ and .*; remembered for session demo/);
  });

  test.each([1, 8])('a put uses the %i connections that were remembered', async (count) => {
    const setting = { version: 1, peer: `bai-${id}`, measuredAt: Date.now(), cipher: 'aes128-ctr' };
    await mkdir(join(bed.home, 'state', 'lines'), { recursive: true });
    await writeFile(remembered(), JSON.stringify({ ...setting, connections: count }));
    const before = dials();
    const { code } = await run('sftp', 'put', '--no-verify', 'large.bin', `demo:kept/${count}.bin`);
    expect(code).toBe(0);
    if (count === 1) expect(dials() - before).toBe(1);
    // Bytes move while connections are made, so the last may not be worth it any more.
    else expect(dials() - before).toBeGreaterThan(4);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends it at once, with its status and no scratch file',
    async (signal) => {
      const child = bed.start(['sftp', 'speedtest', 'demo', '--seconds', '600'], { env: env() });
      const ended = finished(child);
      const { home } = bed.emulator.sessions.get('demo');
      const size = async (): Promise<number> => {
        const [name] = scratch();
        return name === undefined ? 0 : (await stat(join(home ?? '', name))).size;
      };
      await until(async () => (await size()) > 1024 * 1024, 'something was written');
      child.kill(signal);
      const { code, stdout, stderr } = await inTime(ended, 'it has ended', 60_000);
      expect([code, stdout], stderr).toEqual([statusOf(signal), '']);
      await until(() => scratch().length === 0, 'the scratch file is gone');
    },
  );

  test('a get of a folder leaves out what a killed speed test has left', async () => {
    const { home = '' } = bed.emulator.sessions.get('demo');
    await mkdir(join(home, 'left'));
    await writeFile(join(home, 'left', '.bai-speedtest-0123456789ab'), 'x');
    const { stdout } = await run('--json', 'sftp', 'get', '-r', 'demo:left', 'got');
    expect(JSON.parse(stdout)).toMatchObject({ files: 0, skipped: [{ code: 'unfinished' }] });
    expect(existsSync(join(bed.home, 'got', '.bai-speedtest-0123456789ab'))).toBe(false);
  });

  test.each(['0', 'x', '-1'])('--seconds %s is a usage error', async (seconds) => {
    expect(await run('sftp', 'speedtest', 'demo', `--seconds=${seconds}`)).toMatchObject({ code: 2 });
  });
});

function filesNamed(home: string): string[] {
  return readdirSync(home).filter((name) => name.startsWith('.bai-speedtest-'));
}

const servers = [
  { name: 'sshd', missing: sshdMissing, start: startSshd, offers: [...strongCiphers] as StrongCipher[] },
  {
    name: 'dropbear',
    missing: dropbearMissing,
    start: startDropbear,
    offers: ['chacha20-poly1305@openssh.com', 'aes128-ctr', 'aes256-ctr'] as StrongCipher[],
  },
];

describe.each(servers)('measuring with $name', ({ missing, start, offers }) => {
  describe.skipIf(missing !== undefined)(missing ?? 'installed', () => {
    let server: TestSshd;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server[Symbol.asyncDispose]());

    const dial = async (ciphers: readonly StrongCipher[]) => {
      const stream = connect(server.port, '127.0.0.1').setNoDelay();
      stream.on('error', () => {});
      const ssh = await openSshConnection({
        session: 'demo',
        user: server.user,
        stream,
        privateKey: readFile(server.privateKeyPath),
        verifyHostKey: async () => {},
        signal: new AbortController().signal,
        ciphers,
      });
      return await openSftp(ssh, 'demo');
    };
    const options = (more: Partial<MeasureOptions> = {}): MeasureOptions => ({
      stepMs: 100,
      signal: new AbortController().signal,
      onStep: () => {},
      onProblem: (what, reason) => expect.fail(`${what}: ${reason.message}`),
      ...more,
    });
    const leftOver = async (): Promise<string[]> =>
      (await readdir(server.home)).filter((name) => name !== '.ssh');

    test('every cipher that both sides have is measured, and nothing is left', async () => {
      const report = await benchmarkLink(dial, options());
      const offered = report.ciphers.filter(({ isOffered }) => isOffered).map(({ name }) => name);
      expect(offered.filter((name) => offers.includes(name))).toEqual(offers);
      for (const { rates: found } of [
        ...report.ciphers.filter(({ isOffered }) => isOffered),
        ...report.connections,
      ]) {
        expect(found?.up).toBeGreaterThan(0);
        expect(found?.down).toBeGreaterThan(0);
      }
      expect(report.windowBytes).toBeGreaterThan(0);
      expect(offered).toContain(report.chosen.cipher);
      expect(await leftOver()).toEqual([]);
    });

    test('a number of connections that cannot be had is told of, and the rest is measured', async () => {
      let singles = 0;
      const problems: string[] = [];
      const steps: string[] = [];
      const report = await benchmarkLink(
        async (ciphers) => {
          // The ciphers are measured one connection after another; then come those that are meant here.
          if (steps.some((step) => step.includes('connection'))) singles += 1;
          if (singles > 3) throw new UnreachableError('no more');
          return dial(ciphers);
        },
        options({ onStep: (text) => steps.push(text), onProblem: (what) => problems.push(what) }),
      );
      expect(problems).toEqual(['4 connections', '8 connections']);
      expect(report.connections.map(({ rates: found }) => found !== undefined)).toEqual([
        true,
        true,
        false,
        false,
      ]);
      expect([1, 2]).toContain(report.chosen.connections);
      expect(await leftOver()).toEqual([]);
    });

    test('the scratch file is gone too when the connection that made it was lost', async () => {
      let control: AsyncDisposable | undefined;
      await benchmarkLink(
        async (ciphers) => {
          const connection = await dial(ciphers);
          control ??= connection;
          return connection;
        },
        options({
          onStep: (text) => {
            if (text === 'measuring 2 connections') void control?.[Symbol.asyncDispose]();
          },
        }),
      );
      expect(await leftOver()).toEqual([]);
    });

    test.each<[LinkTuning | undefined, StrongCipher]>([
      [{ cipher: 'aes256-ctr', connections: 2 }, 'aes256-ctr'],
      [{ cipher: 'chacha20-poly1305@openssh.com', connections: 2 }, 'chacha20-poly1305@openssh.com'],
      [undefined, offers[0] ?? 'aes256-ctr'],
    ])('with %j remembered a transfer uses %s', async (line, cipher) => {
      const peers: string[] = [];
      // Nothing else of the dependencies is used on the way to a running session.
      const deps = {
        provider: providerWith({
          find: async () => [{ id: 'one', name: 'demo', status: 'RUNNING' }],
          apps: {
            list: async () => [{ name: 'sshd', protocol: 'tcp', ports: [] }],
            tunnel: () => ({ dial: () => Promise.reject(new Error('no app is dialled')) }),
          },
        }),
        reporter: recordingReporter(),
        signal: new AbortController().signal,
        settings: { user: server.user, identity: server.privateKeyPath },
        access: async () => ({
          hostKeyAlias: 'bai-one',
          dial: async () => connect(server.port, '127.0.0.1').setNoDelay(),
        }),
        keys: { readOwn: (path: string) => readFile(path) },
        knownHosts: { verify: async () => 'known' },
        lineOf: async (peer: string) => {
          peers.push(peer);
          return line;
        },
        connectSftp: async (request: Parameters<OpenSftpTools['connectSftp']>[0]) =>
          openSftp(await openSshConnection(request), 'demo'),
      } as unknown as OpenSftpTools;
      const opened = await openSftpTo('demo', deps);
      await using connection = opened.connection;
      await using another = await opened.dial();
      expect([connection.cipher, another.cipher]).toEqual([cipher, cipher]);
      expect([peers, opened.line]).toEqual([['bai-one'], line]);
    });
  });
});
