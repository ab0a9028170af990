/** What of ssh goes on by itself: `-f`, `~&`, and connections that others share. */

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { dial, type EmulatorBed, freePort, isAlive, openEmulator, take, until } from '../contract/app-bed.ts';
import { type BaiResult, cleanEnvironment, launcher } from '../support/bai.ts';
import { makeKey } from '../support/ssh-agent.ts';
import { openTerminal } from '../support/terminal.ts';

let bed: EmulatorBed;
let target: Server;
let inner: number;
const left = new Set<number>();

beforeAll(async () => {
  bed = await openEmulator();
  await bed.create('demo');
  await bed.bai(['ssh', 'demo', '--client', 'system', 'true']);
  target = createServer((socket) => {
    socket.on('error', () => {});
    socket.write('there\n');
  }).listen(0, '127.0.0.1');
  await once(target, 'listening');
  inner = (target.address() as AddressInfo).port;
});
afterAll(async () => {
  target.close();
  await bed[Symbol.asyncDispose]();
});
afterEach(() => {
  for (const pid of left) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  left.clear();
});

/** Of the process that goes on. */
function pidIn({ stderr }: Pick<BaiResult, 'stderr'>): number {
  const pid = Number(/background as process (\d+)/.exec(stderr)?.[1]);
  left.add(pid);
  return pid;
}

async function reaches(port: number): Promise<boolean> {
  const socket = await dial(port).catch(() => undefined);
  if (socket === undefined) return false;
  const text = (await take(socket, 6)).toString();
  socket.destroy();
  return text === 'there\n';
}

describe.each(['builtin', 'system'])('with the %s client', (client) => {
  test.each([
    [['-f', '-N', '-L']],
    [['-fN', '-L']],
    [['-fNL']],
    [['-N', '-o', 'ForkAfterAuthentication=yes', '-L']],
  ])('%j: the forward stands when bai returns, and until that process is ended', async (options) => {
    const port = await freePort();
    const words = [...options, `${port}:127.0.0.1:${inner}`];
    const ran = await bed.bai(['ssh', 'demo', '--client', client, '--', ...words]);
    expect([ran.code, ran.stdout]).toEqual([0, '']);
    const pid = pidIn(ran);
    // The system's ssh opens its forwards while it goes to the background.
    await until(() => reaches(port), 'the forward leads there');
    expect(await reaches(port)).toBe(true);
    process.kill(pid, 'SIGTERM');
    await until(async () => !isAlive(pid) && !(await reaches(port)), 'the port is closed');
  });

  test('a command substitution does not wait for it', async () => {
    const port = await freePort();
    const line = `ssh demo --client ${client} -fN -L ${port}:127.0.0.1:${inner}`;
    const script = `said=$('${process.execPath}' '${launcher}' ${line} 2>&1); echo "$? $said"`;
    const env = cleanEnvironment({ home: bed.home, env: bed.env });
    const { stdout } = await promisify(execFile)('bash', ['-c', script], { env });
    expect(stdout).toMatch(/^0 goes on in the background as process \d+/);
    process.kill(pidIn({ stderr: stdout }), 'SIGTERM');
  });

  test('a command goes on, and what it prints arrives', async () => {
    const file = join(bed.emulator.sessions.get('demo').home ?? '', 'go-on');
    const words = ['-f', `echo begun; while [ ! -e ${file} ]; do sleep 0.05; done; echo ended`];
    const child = bed.start(['ssh', 'demo', '--client', client, ...words]);
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => {
      printed += String(chunk);
    });
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    await until(() => printed === 'begun\n', 'it has begun');
    writeFileSync(file, '');
    await once(child, 'close');
    expect(printed).toBe('begun\nended\n');
    rmSync(file);
  });

  test('what goes wrong before is told, with its status', async () => {
    const nowhere = await bed.bai(['ssh', 'nosuch', '--client', client, '-fN', '-L', `1:127.0.0.1:${inner}`]);
    expect([nowhere.code, nowhere.stderr]).toEqual([4, expect.stringContaining('nosuch')]);
    const taken = createServer().listen(0);
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const words = ['-fN', '-o', 'ExitOnForwardFailure=yes', '-L', `${port}:127.0.0.1:${inner}`];
    const refused = await bed.bai(['ssh', 'demo', '--client', client, ...words]);
    expect([refused.code, refused.stderr]).toEqual([255, expect.stringContaining(String(port))]);
    taken.close();
  });

  test('it ends with its session', async () => {
    await bed.create('short');
    const port = await freePort();
    const ran = await bed.bai([
      'ssh',
      'short',
      '--client',
      client,
      '-fN',
      '-L',
      `${port}:127.0.0.1:${inner}`,
    ]);
    const pid = pidIn(ran);
    expect((await bed.bai(['session', 'terminate', 'short'])).code).toBe(0);
    await until(() => !isAlive(pid), 'it has ended');
  });
});

test('a shell cannot go to the background', async () => {
  const ran = await bed.bai(['ssh', 'demo', '-f']);
  expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('a shell cannot go to the background')]);
});

test.each([
  ['Ctrl-C', 'SIGINT', 130],
  ['SIGTERM', 'SIGTERM', 143],
  ['a closed terminal', 'SIGHUP', 129],
] as const)('%s ends what has not come so far', async (_, name, status) => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const env = { BACKEND_ENDPOINT: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` };
  const child = bed.start(['ssh', 'demo', '-fN', '-L', `1:127.0.0.1:${inner}`], { env });
  const children = (): number[] =>
    readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number);
  await until(() => children().length > 0, 'the process of the background runs');
  const [pid = 0] = children();
  left.add(pid);
  await once(silent, 'connection');
  child.kill(name);
  const [code] = await once(child, 'close');
  expect(code).toBe(status);
  await until(() => !isAlive(pid), 'nothing is left');
  silent.close();
});

test('it outlives its terminal, and asks for a passphrase there', async () => {
  makeKey(join(bed.home, 'locked'), ['-t', 'ed25519'], 'secret');
  await bed.bai(['key', 'authorize', 'demo', join(bed.home, 'locked.pub')]);
  const port = await freePort();
  const terminal = openTerminal({ home: bed.home, env: bed.env });
  const line = `ssh demo -i ${join(bed.home, 'locked')} -fN -L ${port}:127.0.0.1:${inner}`;
  terminal.type(`'${process.execPath}' '${launcher}' ${line}; echo "status $?"\r`);
  await terminal.see(/Passphrase of .*locked: /);
  terminal.type('secret\r');
  const [said] = await terminal.see(/background as process \d+[\s\S]*status 0/);
  const pid = pidIn({ stderr: said });
  terminal.pty.kill('SIGHUP');
  await until(() => !isAlive(terminal.pty.pid), 'the shell has ended');
  terminal[Symbol.dispose]();
  expect(await reaches(port)).toBe(true);
  expect(isAlive(pid)).toBe(true);
  process.kill(pid, 'SIGTERM');
  await until(() => !isAlive(pid), 'it has ended');
});

test('~& in a shell: bai stays for the connections that ssh still carries', async () => {
  const port = await freePort();
  using terminal = openTerminal({ home: bed.home, env: bed.env });
  terminal.type(
    `'${process.execPath}' '${launcher}' ssh demo -L ${port}:127.0.0.1:${inner}; echo "status $?"\r`,
  );
  await until(() => reaches(port), 'the forward leads there');
  const socket = await dial(port);
  await take(socket, 6);
  terminal.type('\r~&');
  await terminal.see(/bai stays here to carry its connection/);
  expect(socket.closed).toBe(false);
  terminal.type('\x03');
  await terminal.see(/status \d+/);
  await until(async () => !(await reaches(port)), 'its connections are closed');
  socket.destroy();
});

describe('a connection that others would share', () => {
  test.each([
    [['-M', '-S', '/tmp/x', '-N']],
    [['-S', '/tmp/x', 'true']],
    [['-O', 'check']],
    [['-o', 'ControlMaster=auto', 'true']],
    [['-oControlPath=/tmp/x', 'true']],
    [['-o', 'ControlPersist 60', '-fN']],
    [['-vM', 'true']],
  ])('%j is refused with the line that does it', async (words) => {
    for (const client of ['builtin', 'system', 'auto']) {
      const ran = await bed.bai(['--json', 'ssh', 'demo', '--client', client, ...words]);
      const { error } = JSON.parse(ran.stderr);
      expect([client, ran.code, error.code]).toEqual([client, 2, 'not-shared']);
      expect(error.hint).toMatch(/^after `bai ssh-config install`, this shares one: ssh .* demo\.bai/);
    }
  });

  test('and that line works', async () => {
    const socket = join(bed.home, 'm');
    expect((await bed.bai(['ssh-config', 'install'])).code).toBe(0);
    const { stderr } = await bed.bai(['ssh', 'demo', '-M', '-S', socket, '-fN', '-o', 'ControlPersist=yes']);
    const line = /shares one: ssh (.*)/.exec(stderr)?.[1] ?? '';
    const env = cleanEnvironment({ home: bed.home, env: bed.env });
    const config = join(bed.home, '.ssh', 'config');
    const run = (words: string): Promise<{ stdout: string }> =>
      promisify(execFile)('sh', ['-c', `ssh -F ${config} ${words}`], { env });
    await run(`${line} 2>/dev/null`);
    expect((await run(`-S ${socket} demo.bai echo shared`)).stdout).toBe('shared\n');
    await run(`-S ${socket} -O exit demo.bai`);
  });

  test.each([[['-S', 'none']], [['-o', 'ControlMaster=no']], [['-o', 'ControlPath=none']]])(
    '%j shares none',
    async (words) => {
      expect(await bed.bai(['ssh', 'demo', '--client', 'system', ...words, 'echo in'])).toMatchObject({
        code: 0,
        stdout: 'in\n',
      });
    },
  );
});
