/** Sessions' keys that are kept off the disk, as the kernel sees it. */

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filesIn } from '../contract/app-bed.ts';
import { cleanEnvironment, launcher } from '../support/bai.ts';
import { startAgent, type TestAgent } from '../support/ssh-agent.ts';
import { sessionDropbearMissing, startSessionDropbear } from '../support/sshd.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { openTerminal } from '../support/terminal.ts';
import { tracedCalls } from '../support/trace.ts';
import { openTrap, type TrapBed } from './traps-bed.ts';

const run = promisify(execFile);

describe.skipIf(sessionDropbearMissing !== undefined)('without a key file', () => {
  let trap: TrapBed;
  let agent: TestAgent;
  let secret: string;

  beforeAll(async () => {
    trap = await openTrap(startSessionDropbear);
    agent = await startAgent();
    // A line in the middle of the key, which no public half and no other key has.
    secret = readFileSync(trap.there('id_container'), 'utf8').split('\n')[3] ?? '';
    expect(secret.length).toBeGreaterThan(40);
  });

  afterAll(async () => {
    await trap?.[Symbol.asyncDispose]();
    await agent?.[Symbol.asyncDispose]();
  });

  /** What bai and all that it starts write into files; pipes and sockets are left out. */
  async function traced(words: readonly string[]): Promise<{ stdout: string; calls: string[] }> {
    const trace = trap.here('trace');
    const home = trap.here();
    const env = cleanEnvironment({ home, env: { ...trap.bed.env, SSH_AUTH_SOCK: agent.socket } });
    const calls = 'trace=write,writev,pwrite64,pwritev,openat,open,creat,execve,memfd_create';
    const strace = ['-f', '-y', '-s', '20000', '-e', calls, '-o', trace];
    const ran = await run('strace', [...strace, process.execPath, launcher, ...words], { env, cwd: home });
    return { stdout: ran.stdout, calls: tracedCalls(trace) };
  }

  function writesOf(text: string, calls: readonly string[]): string[] {
    const written = calls.filter((line) => /\b(write|writev|pwrite64|pwritev)\(/.test(line));
    return written
      .filter((line) => line.includes(text))
      .map((line) => /\(\d+<([^>]*)>/.exec(line)?.[1] ?? '');
  }

  test('the watch sees a key that is written: by default it goes into id_container', async () => {
    const { stdout, calls } = await traced(['ssh', 'demo', '--client', 'system', '--', 'echo in']);
    expect(stdout).toBe('in\n');
    expect(writesOf(secret, calls).filter((path) => path.includes(trap.here('.ssh')))).toHaveLength(1);
    rmSync(trap.here('.ssh'), { recursive: true });
  });

  test.each([
    ['agent, for the ssh of the system', ['--key-store', 'agent', '--client', 'system']],
    ['memory', ['--key-store', 'memory']],
    ['memory, for the builtin client', ['--key-store', 'memory', '--client', 'builtin']],
  ])('--key-store %s: no file is opened for the key, and it is on no command line', async (_, options) => {
    const { stdout, calls } = await traced(['ssh', 'demo', ...options, '--', 'echo in']);
    expect(stdout).toBe('in\n');
    const places = writesOf(secret, calls);
    expect(places.filter((place) => !/^(pipe|socket|UNIX|TCP)/.test(place))).toEqual([]);
    if (options.includes('agent')) expect(places.length).toBeGreaterThan(0);
    expect(calls.filter((line) => line.includes('execve(') && line.includes(secret))).toEqual([]);
    expect(existsSync(trap.here('.ssh'))).toBe(false);
    const kept = filesIn(trap.here()).filter((name) => name !== 'trace');
    expect(kept.filter((name) => readFileSync(join(trap.here(), name), 'latin1').includes(secret))).toEqual(
      [],
    );
  });

  test('the agent is told to forget the key after the lifetime', async () => {
    using folder = tempFolder();
    const socket = join(folder.path, 'agent');
    const asked: Buffer[] = [];
    const relay = createServer((client) => {
      const upstream = connect(agent.socket);
      client.on('data', (chunk: Buffer) => asked.push(chunk));
      pipeline(client, upstream, client).catch(() => {});
    }).listen(socket);
    await once(relay, 'listening');
    const env = { SSH_AUTH_SOCK: socket, BAI_KEY_STORE: 'agent', BAI_KEY_LIFETIME: '1h30m' };
    expect(await trap.in('system', { env })).toMatchObject({ code: 0, stdout: 'in\n' });
    relay.close();
    // A key with constraints, of which the lifetime in seconds is the only one.
    const addConstrained = 25;
    const [added, ...others] = asked.filter((message) => message[4] === addConstrained);
    expect([added?.subarray(-5), others]).toEqual([Buffer.of(1, 0, 0, 5_400 >> 8, 5_400 & 255), []]);
  });

  test('a shell on a terminal with the key in memory is that of the builtin client', async () => {
    using terminal = openTerminal({ home: trap.here(), env: trap.bed.env });
    terminal.type(`'${process.execPath}' '${launcher}' ssh demo --key-store memory\r`);
    await terminal.see(/\$ /);
    terminal.type('echo $((40+2))-$SSH_TTY\r');
    await terminal.see(/42-\/dev\/pts/);
    terminal.type('exit\r');
    await terminal.see(/local\$ /);
    expect(existsSync(trap.here('.ssh'))).toBe(false);
  });

  test('what another program needs is refused with the key in memory, and no agent is said so', async () => {
    const refused = await trap.bed.bai(['app', 'forward', 'demo', '--key-store', 'memory']);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/another program.*\nhint: .*--key-store agent/);
    const none = await trap.in('system', { env: { BAI_KEY_STORE: 'agent', SSH_AUTH_SOCK: '' } });
    expect(none).toMatchObject({ code: 4, stdout: '' });
    expect(none.stderr).toMatch(/no SSH agent to keep the key\nhint: .*ssh-agent.*--key-store memory/);
    const wrong = await trap.in('system', { env: { BAI_KEY_STORE: 'disk' } });
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
  });

  test('plain ssh gets in with the agent alone when that is what was installed', async () => {
    const env = { SSH_AUTH_SOCK: agent.socket };
    const shown = await trap.bed.bai(['ssh-config', 'print', '--key-store', 'agent'], { env });
    expect(shown.stdout).toContain('IdentityFile none');
    const config = trap.here('config');
    writeFileSync(config, shown.stdout);
    const all = cleanEnvironment({ home: trap.here(), env: { ...trap.bed.env, ...env } });
    const { stdout } = await run('ssh', ['-F', config, 'demo.bai', 'echo in'], { env: all });
    expect(stdout).toBe('in\n');
    expect(existsSync(trap.here('.ssh'))).toBe(false);
  });
});
