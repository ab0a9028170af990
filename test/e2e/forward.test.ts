/** `bai app forward` and `app ssh --no-client`: every fact of the desktop dialog, and each printed command at work. */

import { type ExecFileException, execFile, execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  childrenOf,
  dial,
  type EmulatorBed,
  filesIn,
  isAlive,
  listenersOn,
  openEmulator,
  readAll,
  take,
  until,
} from '../contract/app-bed.ts';
import { finished, launcher, untilPrinted } from '../support/bai.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { openTerminal } from '../support/terminal.ts';

let bed: EmulatorBed;

beforeAll(async () => {
  bed = await openEmulator();
  await bed.create('demo');
});

afterAll(() => bed?.[Symbol.asyncDispose]());

interface Shown {
  readonly session: { readonly id: string; readonly name: string };
  readonly app: string;
  readonly host: string;
  readonly port: number;
  readonly ssh: {
    readonly user: string;
    readonly identityFile: string;
    readonly sshUrl: string;
    readonly sftpUrl: string;
    readonly commands: Readonly<Record<'ssh' | 'sftp' | 'scp' | 'rsync', string>>;
  };
}

interface Running extends AsyncDisposable {
  readonly facts: Shown;
}

/** Starts it with --json and reads what it prints, once all of it is there. */
async function shown(args: readonly string[], home = bed.home): Promise<Running> {
  const child = bed.start(['app', ...args, '--json'], { home });
  const [text] = await untilPrinted(child, 'stdout', /^\{[\s\S]*^\}\n/m);
  const facts: Shown = JSON.parse(text);
  return {
    facts,
    async [Symbol.asyncDispose]() {
      const ended = finished(child);
      child.kill('SIGINT');
      expect((await ended).code).toBe(0);
    },
  };
}

test('the dialog’s facts are all there, with the port in both URLs and in every command', async () => {
  const child = bed.start(['app', 'ssh', 'demo', '--no-client']);
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await untilPrinted(child, 'stdout', /^ *rsync .*\n/m);
  const port = /^Port\s+(\d+)$/m.exec(text)?.[1];
  const id = bed.emulator.sessions.get('demo').id;
  for (const line of [
    `Session   demo (${id})`,
    'App       sshd',
    'Host      127.0.0.1',
    'User      work',
    `Key       ${join(bed.home, '.ssh/id_container')}`,
    `SSH URL   ssh://work@127.0.0.1:${port}`,
    `SFTP URL  sftp://work@127.0.0.1:${port}/home/work`,
  ]) {
    expect(text.split('\n')).toContain(line);
  }
  for (const program of ['ssh', 'sftp', 'scp', 'rsync']) {
    expect(text).toMatch(new RegExp(`^ *${program} .*${port}.*work@127\\.0\\.0\\.1`, 'm'));
  }
  expect(text).not.toMatch(/<|StrictHostKeyChecking=no|\/dev\/null work|undefined/);
  const ended = finished(child);
  child.kill('SIGTERM');
  expect((await ended).code).toBe(0);
});

test('--json tells the same as data, and only that is on stdout', async () => {
  await using running = await shown(['forward', 'demo']);
  const { facts } = running;
  expect(facts).toEqual({
    session: expect.objectContaining({ id: bed.emulator.sessions.get('demo').id, name: 'demo' }),
    app: 'sshd',
    host: '127.0.0.1',
    port: expect.any(Number),
    ssh: {
      user: 'work',
      identityFile: join(bed.home, '.ssh/id_container'),
      sshUrl: `ssh://work@127.0.0.1:${facts.port}`,
      sftpUrl: `sftp://work@127.0.0.1:${facts.port}/home/work`,
      commands: {
        ssh: expect.any(String),
        sftp: expect.any(String),
        scp: expect.any(String),
        rsync: expect.any(String),
      },
    },
  });
});

describe.each(['plain', "with spaces, 50% and it's"])(
  'each printed command runs through sh, in a HOME that is %s',
  (name) => {
    test('ssh, sftp, scp and rsync', async () => {
      using folder = tempFolder();
      const home = join(folder.path, name);
      mkdirSync(home);
      await using running = await shown(['ssh', 'demo', '--no-client'], home);
      const { facts } = running;
      const { ssh, sftp, scp, rsync } = facts.ssh.commands;
      const remote = bed.emulator.sessions.get('demo').home ?? '';
      const work = join(folder.path, 'work');
      mkdirSync(join(work, 'FOLDER/sub'), { recursive: true });
      // Of another size than the last time: rsync takes equal sizes and times for equal files.
      const content = randomBytes((5 << 20) + name.length);
      writeFileSync(join(work, 'FILE'), content);
      writeFileSync(join(work, 'FOLDER/sub/x'), content);

      expect(await shell(`${ssh} 'echo in; exit 7'`, work)).toMatchObject({ code: 7, stdout: 'in\n' });
      const batch = `put FILE by-sftp\nls -l by-sftp\nget by-sftp back\n`;
      expect(await shell(sftp, work, batch)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('by-sftp'),
      });
      expect(sha(readFileSync(join(work, 'back')))).toBe(sha(content));
      expect(await shell(scp, work)).toMatchObject({ code: 0 });
      expect(sha(readFileSync(join(remote, 'FILE')))).toBe(sha(content));
      if (hasRsync) {
        expect(await shell(rsync, work)).toMatchObject({ code: 0 });
        expect(sha(readFileSync(join(remote, 'FOLDER/sub/x')))).toBe(sha(content));
      }
    });
  },
);

const bai = `'${process.execPath}' '${launcher}' app forward demo`;
const hasBash = existsSync('/bin/bash');

test.each([
  ['nohup on a terminal', '/bin/sh', `nohup ${bai} >out 2>&1 &`],
  ['nohup with all streams redirected', '/bin/bash', `nohup ${bai} <empty >out 2>&1 &`],
  ['a script under nohup', '/bin/sh', `nohup sh -c "${bai}; true" <empty >out 2>&1 &`],
  ['a shell that ignores it', '/bin/sh', `(trap '' HUP; ${bai} >out 2>&1; true) &`],
])('%s, the terminal closed: the port stays open until bai is ended', async (_, shell, line) => {
  if (shell === '/bin/bash' && !hasBash) return;
  using folder = tempFolder();
  const out = join(folder.path, 'out');
  writeFileSync(join(folder.path, 'empty'), '');
  const terminal = openTerminal({ home: folder.path, env: bed.env }, [shell, '-i']);
  const port = async (): Promise<number> => {
    const printed = (): string | undefined =>
      existsSync(out) ? /Port\s+(\d+)[\s\S]*rsync/.exec(readFileSync(out, 'utf8'))?.[1] : undefined;
    await until(() => printed() !== undefined, 'the port is printed');
    return Number(printed());
  };
  terminal.type(`cd '${folder.path}'\r${line}\r`);
  const open = await port();
  const [pid] = processesIn(folder.path);
  if (pid === undefined) throw new Error('it does not run');
  terminal.pty.kill('SIGHUP');
  process.kill(pid, 'SIGHUP');
  await expect(until(() => !isAlive(pid), 'it has ended', 2_000)).rejects.toThrow('not so');
  const socket = await dial(open);
  expect((await take(socket, 8)).toString()).toMatch(/^SSH-2/);
  process.kill(pid, 'SIGTERM');
  await until(() => !isAlive(pid), 'it has ended');
  expect(listenersOn(open)).toEqual([]);
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s ends it with 0 (HUP with 0 as well), and the port, its connections and its tunnels with it',
  async (signal) => {
    const child = bed.start(['app', 'forward', 'demo']);
    const [, port] = await untilPrinted(child, 'stdout', /Port\s+(\d+)[\s\S]*rsync/);
    const sockets = await Promise.all([dial(Number(port)), dial(Number(port)), dial(Number(port))]);
    for (const socket of sockets) await take(socket, 8);
    const ends = sockets.map((socket) => readAll(socket));
    const ended = finished(child);
    child.kill(signal);
    expect((await ended).code).toBe(0);
    await Promise.all(ends);
    expect(listenersOn(Number(port))).toEqual([]);
    expect(childrenOf(child.pid ?? 0)).toEqual([]);
    await until(() => bed.emulator.openTunnels === 0, 'no tunnel is open');
    expect(filesIn(join(bed.home, '.ssh'))).toEqual(['id_container']);
  },
);

test('an http app: a URL to open, and no ssh facts', async () => {
  const server = createServer((socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello')),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const hostPort = typeof address === 'object' ? (address?.port ?? 0) : 0;
  bed.emulator.sessions.get('demo').addApp({ name: 'web', protocol: 'http', containerPort: 8080, hostPort });
  const child = bed.start(['app', 'forward', 'demo', 'web']);
  const [, url] = await untilPrinted(child, 'stdout', /^URL\s+(http:\S+)$/m);
  expect(await (await fetch(url ?? '')).text()).toBe('hello');
  const ended = finished(child);
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ code: 0 });
  server.close();
});

test('the preferred port while another forwarder of the same session has it: both work', async () => {
  await using first = await shown(['forward', 'demo', '--port', '24680']);
  await using second = await shown(['forward', 'demo', '--port', String(first.facts.port)]);
  expect(second.facts.port).not.toBe(first.facts.port);
  for (const { port } of [first.facts, second.facts]) {
    const socket = await dial(port);
    expect((await take(socket, 8)).toString()).toMatch(/^SSH-2\.0-/);
    socket.destroy();
  }
});

test('a failed start prints no facts: nobody dials a dead port', async () => {
  for (const args of [['no-such-session'], ['demo', 'no-such-app']]) {
    expect(await bed.bai(['app', 'forward', ...args])).toMatchObject({ code: 4, stdout: '' });
  }
});

test('stdout that is closed early ends nothing', async () => {
  using folder = tempFolder();
  const out = join(folder.path, 'out');
  const child = bed.start(['app', 'forward', 'demo']);
  const [, port] = await untilPrinted(child, 'stdout', /Port\s+(\d+)[\s\S]*rsync/);
  child.stdout.destroy();
  const socket = await dial(Number(port));
  expect((await take(socket, 8)).toString()).toMatch(/^SSH-2\.0-/);
  socket.destroy();
  const gone = once(child, 'close');
  child.kill('SIGTERM');
  await gone;
  expect(existsSync(out)).toBe(false);
});

test('the key is used from where it lies when it is there already', async () => {
  const before = readFileSync(join(bed.home, '.ssh/id_container'));
  await using running = await shown(['forward', 'demo']);
  expect(running.facts.ssh.identityFile).toBe(join(bed.home, '.ssh/id_container'));
  expect(readFileSync(join(bed.home, '.ssh/id_container')).equals(before)).toBe(true);
});

test('bai itself connects through what another bai forwards, by ssh’s own configuration', async () => {
  await using running = await shown(['forward', 'demo']);
  const { facts } = running;
  expect((await bed.bai(['app', 'ssh', 'demo', '-p', String(facts.port), '--', 'echo in'])).stdout).toBe(
    'in\n',
  );
});

/** Those of bai that run in this folder. */
function processesIn(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words[1] === launcher && readlinkSync(`/proc/${pid}/cwd`) === folder;
      } catch {
        return false;
      }
    });
}

const hasRsync = ((): boolean => {
  try {
    execFileSync('rsync', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** With the user's own environment gone: what is printed must stand by itself. */
function shell(command: string, cwd: string, input = ''): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { cwd, env: { PATH: process.env['PATH'], HOME: cwd } };
    const child = execFile(
      'sh',
      ['-c', command],
      options,
      (error: ExecFileException | null, stdout, stderr) => {
        const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
        resolve({ code, stdout, stderr });
      },
    );
    child.stdin?.end(input);
  });
}

function sha(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
