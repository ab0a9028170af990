/** The sessions' sshd, driven by the real ssh and by ssh2. */

import { spawn } from 'node:child_process';
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import ssh2, { type Client } from 'ssh2';
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { openBed, type TestBed } from './emulator-client.ts';

interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

test('exec returns output, errors apart, and the exact exit status', async () => {
  await using bed = await openBed();
  const outcome = await ssh(bed, ['echo out; echo err >&2; exit 42']);
  expect(outcome).toMatchObject({ code: 42, stdout: 'out\n', stderr: 'err\n' });
});

test('commands start in the home, with HOME, the session’s variables and what the client sends', async () => {
  await using bed = await openBed();
  await bed.session('demo', { config: { environ: { MODEL: 'big' } } });
  const { home } = bed.emulator.sessions.get('demo');
  const asked = ['-o', 'SetEnv=ASKED=yes'];
  const outcome = await ssh(bed, ['pwd; echo $HOME $USER $MODEL $BACKENDAI_SESSION_NAME $ASKED'], {
    options: asked,
  });
  expect(outcome.stdout).toBe(`${home}\n${home} work big demo yes\n`);
});

test('the home that clients know, /home/work, means the session’s folder in commands', async () => {
  await using bed = await openBed();
  const outcome = await ssh(bed, ["echo hi > /home/work/a.txt; cat '/home/work/a.txt'; echo /home/workers"]);
  expect(outcome).toMatchObject({ code: 0, stdout: 'hi\n/home/workers\n' });
});

test('input reaches the command, and its end too', async () => {
  await using bed = await openBed();
  const input = Buffer.alloc(3_000_000, 'x');
  const outcome = await ssh(bed, ['wc -c'], { input });
  expect([outcome.code, outcome.stdout.trim()]).toEqual([0, '3000000']);
});

test('a command that ends without reading its input keeps its output and status', async () => {
  await using bed = await openBed();
  const outcome = await ssh(bed, ['echo early; exit 5'], { input: Buffer.alloc(3_000_000) });
  expect(outcome).toMatchObject({ code: 5, stdout: 'early\n' });
});

test('large output arrives whole before the exit status', async () => {
  await using bed = await openBed();
  const outcome = await ssh(bed, ['head -c 8000000 /dev/zero; exit 9']);
  expect([outcome.code, outcome.stdout.length]).toEqual([9, 8_000_000]);
});

test('a shell without a terminal reads commands from its input', async () => {
  await using bed = await openBed();
  const outcome = await ssh(bed, [], { options: ['-T'], input: Buffer.from('echo $((40+2)); exit 3\n') });
  expect(outcome).toMatchObject({ code: 3, stdout: '42\n' });
});

test('write after end: a client that closes the channel while a program prints leaves the emulator running', async () => {
  await using bed = await openBed();
  const client = await connect(bed);
  for (const command of ['yes', 'yes >&2', 'yes & yes >&2'])
    await new Promise<void>((resolve, reject) => {
      client.exec(command, (error, channel) => {
        if (error) return reject(error);
        channel.on('close', () => resolve());
        channel.once('data', () => channel.close());
        channel.stderr.once('data', () => channel.close());
      });
    });
  client.end();
  expect(await ssh(bed, ['echo here'])).toMatchObject({ code: 0, stdout: 'here\n' });
});

test('a command killed by a signal ends with exit-signal', async () => {
  await using bed = await openBed();
  const client = await connect(bed);
  const end = await new Promise<unknown[]>((resolve, reject) => {
    client.exec('kill -TERM $$', (error, channel) => {
      if (error) return reject(error);
      channel.on('exit', (...facts: unknown[]) => resolve(facts));
      channel.resume();
    });
  });
  expect(end.slice(0, 2)).toEqual([null, 'SIGTERM']);
  client.end();
});

test('a terminal has the client’s size, follows its changes, and returns the status', async () => {
  await using bed = await openBed();
  const client = await connect(bed);
  const outcome = await new Promise<{ text: string; code: number }>((resolve, reject) => {
    const pty = { rows: 33, cols: 77, term: 'xterm-256color' };
    client.exec('stty size; echo $TERM; read line; stty size; exit 7', { pty }, (error, channel) => {
      if (error) return reject(error);
      let text = '';
      let resized = false;
      channel.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (resized || !text.includes('xterm-256color')) return;
        resized = true;
        channel.setWindow(50, 120, 0, 0);
        void until(async () => (await ttySizes()).includes('50 120'), 'the terminal is resized').then(() =>
          channel.write('go\n'),
        );
      });
      channel.on('exit', (code: number) => channel.on('close', () => resolve({ text, code })));
    });
  });
  expect(outcome.text.replaceAll('\r', '')).toBe('33 77\nxterm-256color\ngo\n50 120\n');
  expect(outcome.code).toBe(7);
  client.end();
});

test('an interactive shell on a terminal shows a prompt of the session and ends with its status', async () => {
  await using bed = await openBed();
  const outcome = await ssh(bed, [], { options: ['-tt'], input: Buffer.from('echo $((6*7))\nexit 4\n') });
  expect(outcome.code).toBe(4);
  expect(outcome.stdout).toContain('work@main1');
  expect(outcome.stdout).toContain('42');
});

test('only work may log in, and only with a key of authorized_keys as it is now', async () => {
  await using bed = await openBed();
  await ssh(bed, ['true']);
  const other = await ssh(bed, ['true'], { user: 'root' });
  expect([other.code, other.stderr]).toEqual([255, expect.stringContaining('Permission denied (publickey)')]);
  const { home = '' } = bed.emulator.sessions.get('demo');
  const added = ssh2.utils.generateKeyPairSync('ed25519');
  const key = join(bed.folder, 'added');
  await writeFile(key, added.private, { mode: 0o600 });
  expect((await ssh(bed, ['true'], { key })).code).toBe(255);
  await appendFile(join(home, '.ssh', 'authorized_keys'), `${added.public}\n`);
  expect((await ssh(bed, ['true'], { key })).code).toBe(0);
});

test('each session has its own RSA host key, which a restart of its sshd replaces', async () => {
  await using bed = await openBed();
  await bed.session('demo');
  await bed.session('other');
  const first = await hostKey(bed, 'demo');
  expect(await hostKey(bed, 'demo')).toBe(first);
  expect(await hostKey(bed, 'other')).not.toBe(first);
  await bed.emulator.sessions.get('demo').restartSshd();
  expect(await hostKey(bed, 'demo')).not.toBe(first);
  expect(Buffer.from(first, 'base64').subarray(4, 11).toString()).toBe('ssh-rsa');
});

test('the banner is that of the release’s dropbear', async () => {
  for (const [release, banner] of [
    ['24.03.7', 'dropbear_2020.81'],
    ['26.9.6', 'dropbear_2024.85'],
  ]) {
    await using bed = await openBed({ release: release ?? '' });
    const outcome = await ssh(bed, ['true'], { options: ['-v'] });
    expect(outcome.stderr).toContain(`remote software version ${banner}`);
  }
});

test('a local port is forwarded to a server on loopback, with half-close, and to nothing else', async () => {
  await using bed = await openBed();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const got: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => got.push(chunk));
    socket.on('end', () => socket.end(`got ${Buffer.concat(got).length}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const client = await connect(bed);
  const text = await new Promise<string>((resolve, reject) => {
    client.forwardOut('127.0.0.1', 1, 'localhost', port, (error, channel) => {
      if (error) return reject(error);
      let answer = '';
      channel.on('data', (chunk: Buffer) => {
        answer += chunk.toString();
      });
      channel.on('end', () => resolve(answer));
      channel.end(Buffer.alloc(200_000));
    });
  });
  expect(text).toBe('got 200000');
  await expect(
    new Promise((resolve, reject) => {
      client.forwardOut('127.0.0.1', 1, '192.0.2.1', 80, (error) =>
        error ? reject(error) : resolve(undefined),
      );
    }),
  ).rejects.toThrow('Channel open failure');
  client.end();
  server.close();
});

test('a client that goes away hangs up on its command', async () => {
  await using bed = await openBed();
  const client = await connect(bed);
  const { home = '' } = bed.emulator.sessions.get('demo');
  client.exec('echo $$ > pid; sleep 1000', () => undefined);
  const pid = await pidIn(join(home, 'pid'));
  client.end();
  await until(() => !isAlive(pid), 'the command is gone');
});

test('the end of the session ends what its commands left in the background', async () => {
  await using bed = await openBed();
  await ssh(bed, ['nohup sleep 1000 > /dev/null 2>&1 & echo $! > pid']);
  const session = bed.emulator.sessions.get('demo');
  const pid = await pidIn(join(session.home ?? '', 'pid'));
  expect(isAlive(pid)).toBe(true);
  await session.end('TERMINATED', 'done');
  await until(() => !isAlive(pid), 'the process is gone');
});

test('a command longer than dropbear takes ends the connection', async () => {
  await using bed = await openBed({ release: '23.09.10' });
  expect((await ssh(bed, [`true ${'x'.repeat(8_000)}`])).code).toBe(0);
  expect((await ssh(bed, [`true ${'x'.repeat(9_500)}`])).code).toBe(255);
});

test('text before the banner is skipped by ssh, an sshd that hangs up is not', async () => {
  await using bed = await openBed();
  await bed.session('demo');
  bed.emulator.faults.add({ kind: 'sshd-text', text: 'welcome\r\n' }, 1);
  expect((await ssh(bed, ['true'])).code).toBe(0);
  bed.emulator.faults.add({ kind: 'sshd-text', text: 'no\r\n', thenClose: true }, 1);
  expect((await ssh(bed, ['true'])).code).toBe(255);
});

interface SshOptions {
  readonly options?: readonly string[];
  readonly input?: Buffer;
  readonly user?: string;
  readonly key?: string;
}

/** Runs the system's ssh into the session `demo`, which is made when it is not there. */
async function ssh(bed: TestBed, command: readonly string[], more: SshOptions = {}): Promise<Outcome> {
  const port = await portOf(bed);
  const key = more.key ?? join(bed.emulator.sessions.get('demo').home ?? '', 'id_container');
  const fixed = [
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
    'IdentitiesOnly=yes',
  ];
  fixed.push('BatchMode=yes', 'IdentityAgent=none');
  const verbose = more.options?.includes('-v')
    ? fixed.filter((option) => !option.startsWith('LogLevel'))
    : fixed;
  const child = spawn('ssh', [
    '-F',
    'none',
    '-p',
    String(port),
    '-i',
    key,
    ...verbose.flatMap((option) => ['-o', option]),
    ...(more.options ?? []),
    `${more.user ?? 'work'}@127.0.0.1`,
    ...command,
  ]);
  child.stdin.on('error', () => undefined);
  child.stdin.end(more.input);
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      resolve({ code, signal, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
  });
}

async function portOf(bed: TestBed): Promise<number> {
  if (!bed.emulator.sessions.all().some(({ name }) => name === 'demo')) await bed.session('demo');
  return bed.emulator.sessions.get('demo').sshPort ?? 0;
}

async function connect(bed: TestBed): Promise<Client> {
  const port = await portOf(bed);
  const privateKey = await readFile(join(bed.emulator.sessions.get('demo').home ?? '', 'id_container'));
  const client = new ssh2.Client();
  await new Promise<void>((resolve, reject) => {
    client.on('error', reject);
    client.on('ready', () => resolve());
    client.connect({ host: '127.0.0.1', port, username: 'work', privateKey });
  });
  return client;
}

async function hostKey(bed: TestBed, name: string): Promise<string> {
  const client = new ssh2.Client();
  return new Promise((resolve) => {
    client.on('error', () => undefined);
    client.connect({
      host: '127.0.0.1',
      port: bed.emulator.sessions.get(name).sshPort ?? 0,
      username: 'work',
      hostVerifier: (key: Buffer) => {
        resolve(key.toString('base64'));
        return false;
      },
    });
  });
}

async function pidIn(path: string): Promise<number> {
  await until(
    async () =>
      (await stat(path).catch(() => undefined))?.size !== undefined && (await readFile(path, 'utf8')) !== '',
    path,
  );
  return Number(await readFile(path, 'utf8'));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Sizes of all terminals there are. */
async function ttySizes(): Promise<string[]> {
  const child = spawn('sh', ['-c', 'for t in /dev/pts/[0-9]*; do stty -F $t size; done 2>/dev/null']);
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await new Promise((resolve) => child.on('close', resolve));
  return text.split('\n');
}
