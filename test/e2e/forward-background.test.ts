/** `bai forward --background`: one process for each call, its end for every reason, and nothing that it leaves behind. */

import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  dial,
  type EmulatorBed,
  freePort,
  isAlive,
  openEmulator,
  readPort,
  take,
  until,
} from '../contract/app-bed.ts';
import { type BaiResult, bai, finished } from '../support/bai.ts';
import { openConsole } from '../support/consoles.ts';
import { startRelay } from '../support/relay.ts';
import { tempFolder } from '../support/temp-folder.ts';

let bed: EmulatorBed;
let server: Server;
/** In the session, whose ports are those of this machine. */
let there: number;

beforeAll(async () => {
  bed = await openEmulator();
  await bed.create('demo');
  server = createServer((socket) => socket.end('from the session\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  there = typeof address === 'object' ? (address?.port ?? 0) : 0;
});

afterEach(async () => {
  await bed.bai(['forward', 'stop', '--all']);
});

afterAll(async () => {
  server?.close();
  await bed?.[Symbol.asyncDispose]();
});

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly reason?: string;
  readonly code?: string;
  readonly pid: number;
  readonly connections?: number;
  readonly totalConnections?: number;
  readonly log: string;
  readonly listeners: readonly { readonly port: number; readonly spec: string; readonly url?: string }[];
}

async function list(): Promise<readonly Listed[]> {
  const { code, stdout, stderr } = await bed.bai(['forward', 'list', '--json']);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

async function only(): Promise<Listed> {
  const [found, ...others] = await list();
  expect(others).toEqual([]);
  if (found === undefined) throw new Error('there is no forward');
  return found;
}

async function start(...specs: readonly string[]): Promise<BaiResult & { readonly port: number }> {
  const result = await bed.bai(['forward', 'demo', ...specs, '--background']);
  expect(result.code, result.stderr).toBe(0);
  return { ...result, port: Number(/^127\.0\.0\.1:(\d+) /.exec(result.stdout)?.[1]) };
}

const folder = (): string => join(bed.home, '.local/share/bai/forwards');
const read = async (port: number): Promise<string> => (await readPort(port)).bytes.toString();

test('it returns with the lines of the foreground, works, is listed, and ends with stop and nothing left', async () => {
  const { stdout, port } = await start(`:${there}`, 'ttyd');
  expect(stdout.split('\n')[0]).toBe(`127.0.0.1:${port} -> demo:${there}`);
  expect(stdout).toMatch(/-> demo:ttyd {2}http:\/\/127\.0\.0\.1:\d+\/\?bai-secret=[\w-]{32}\n/);
  expect(await read(port)).toBe('from the session\n');
  const running = await only();
  expect(running).toMatchObject({ name: 'demo', state: 'running', totalConnections: 1 });
  expect(running.listeners.map(({ spec }) => spec)).toEqual([`:${there}`, 'ttyd']);
  // It has a session of its own, so that the end of a terminal is nothing to it.
  process.kill(running.pid, 'SIGHUP');
  expect(await read(port)).toBe('from the session\n');

  const secret = /bai-secret=([\w-]+)/.exec(stdout)?.[1] ?? '?';
  const files = readdirSync(folder()).map((name) => join(folder(), name));
  expect(statSync(folder()).mode & 0o777).toBe(0o700);
  expect(files.map((path) => statSync(path).mode & 0o777)).toEqual(files.map(() => 0o600));
  const texts = files.filter((path) => !path.endsWith('.sock')).map((path) => readFileSync(path, 'utf8'));
  const argv = readFileSync(`/proc/${running.pid}/cmdline`, 'utf8');
  for (const text of [...texts, argv]) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(bed.emulator.secretKey);
  }

  const opened = await bed.bai(['forward', 'open', 'demo', '--print']);
  expect(opened.stdout).toContain(`bai-secret=${secret}`);
  expect(await bed.bai(['forward', 'stop', 'demo', '--json'])).toMatchObject({ code: 0 });
  expect(isAlive(running.pid)).toBe(false);
  expect(await list()).toEqual([]);
  expect(readdirSync(folder())).toEqual(['web-key']);
  expect((await bed.bai(['forward', 'stop', 'demo'])).code).toBe(4);
});

test('the same ports of a session are opened once, also when two begin at the same time; others get a name of their own', async () => {
  const both = await Promise.all([start(`:${there}`), start(`:${there}`)]);
  expect(both[0]?.port).toBeGreaterThan(0);
  expect(both[1]?.port).toBe(both[0]?.port);
  expect(both.filter(({ stderr }) => stderr.includes('open already'))).toHaveLength(1);
  const first = await only();
  await start('ttyd');
  expect((await list()).map(({ name }) => name)).toEqual(['demo', 'demo-2']);
  expect((await bed.bai(['forward', 'stop', 'demo-2'])).code).toBe(0);
  expect(await only()).toEqual(first);
  expect(await read(both[0]?.port ?? 0)).toBe('from the session\n');
});

test('a port that is taken ends it with 6, and an app that is not there with 4: no process and no record is left', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const refused = await bed.bai(['forward', 'demo', `${port}:${there}`, '--background', '--json']);
  expect(refused).toMatchObject({ code: 6, stdout: '' });
  expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'port-taken', exitCode: 6, port } });
  expect((await bed.bai(['forward', 'demo', 'nothing', '-f'])).code).toBe(4);
  taken.close();
  expect(await list()).toEqual([]);
  expect(readdirSync(folder()).filter((name) => name !== 'web-key')).toEqual([]);
});

test('one that was killed is told of and tidied up, and the next one has its port', async () => {
  const { port } = await start(`:${there}`);
  const { pid } = await only();
  process.kill(pid, 'SIGKILL');
  await until(() => !isAlive(pid), 'the process is gone');
  expect(await only()).toMatchObject({ state: 'ended', reason: expect.stringContaining('without a word') });
  expect(readdirSync(folder()).filter((name) => name.endsWith('.sock'))).toEqual([]);
  expect((await start(`:${there}`)).port).toBe(port);
  expect(await read(port)).toBe('from the session\n');
});

test('one whose process hangs is named, and stop ends it all the same', async () => {
  await start(`:${there}`);
  const { pid } = await only();
  process.kill(pid, 'SIGSTOP');
  expect(await only()).toMatchObject({ state: 'silent', reason: expect.stringContaining(String(pid)) });
  expect((await bed.bai(['forward', 'stop', 'demo'])).code).toBe(0);
  expect(isAlive(pid)).toBe(false);
});

test('--open starts the browser with a page of the user’s own, and no secret in its command line', async () => {
  const browser = join(bed.home, 'browser');
  const seen = join(bed.home, 'seen');
  writeFileSync(browser, `#!/bin/sh\nprintf '%s' "$1" > '${seen}'\n`, { mode: 0o755 });
  const options = { env: { BROWSER: `/nowhere/browser:${browser} %s` } };
  const { code, stdout } = await bed.bai(['forward', 'demo', 'ttyd', '--open', '-f'], options);
  expect(code).toBe(0);
  const [, url = '?'] = /demo:ttyd {2}(\S+)/.exec(stdout) ?? [];
  const shown = readFileSync(seen, 'utf8');
  expect(shown).toMatch(/^file:\/\//);
  expect(shown).not.toContain('secret');
  const page = fileURLToPath(shown);
  expect(statSync(page).mode & 0o777).toBe(0o600);
  expect(readFileSync(page, 'utf8')).toContain(`content="0; url=${url}"`);
  // Of the app itself nothing listens here; who shows the secret is let through to find that out.
  expect((await fetch(url, { redirect: 'manual' })).status).toBe(302);
  expect((await fetch(url.replace(/\?.*/, ''))).status).toBe(403);
  expect((await bed.bai(['forward', 'stop', 'demo'])).code).toBe(0);
  expect(existsSync(page)).toBe(false);
});

test('it ends with its session, and the list says so', async () => {
  await bed.create('short');
  expect((await bed.bai(['forward', 'short', `:${there}`, '-f'])).code).toBe(0);
  const { pid } = await only();
  expect((await bed.bai(['session', 'terminate', 'short'])).code).toBe(0);
  await until(() => !isAlive(pid), 'the forward has ended');
  expect(await only()).toMatchObject({ name: 'short', state: 'ended', code: 'session-terminated' });
  const logs = await bed.bai(['forward', 'logs', 'short']);
  expect(logs.stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z ended: session short has ended/m);
  expect((await bed.bai(['forward', 'open', 'short'])).stderr).toContain('session short has ended');
});

test('--idle ends it when nobody is connected, and not before', async () => {
  const silent = createServer(() => {}).listen(await freePort(), '127.0.0.1');
  await once(silent, 'listening');
  const address = silent.address();
  const { port } = await start(`:${typeof address === 'object' ? address?.port : 0}`, '--idle', '2s');
  const socket = await dial(port);
  const { pid } = await only();
  await until(async () => (await only()).connections === 1, 'it is connected');
  const follow = bed.start(['forward', 'logs', '-f', 'demo']);
  const followed = finished(follow);
  socket.destroy();
  await until(() => !isAlive(pid), 'nobody was connected for two seconds');
  expect(await only()).toMatchObject({ state: 'ended', reason: 'there was no connection for 2 s' });
  expect(await followed).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('ended: there was no connection'),
  });
  silent.close();
});

test('while its manager is away it keeps its port and its process, and serves again when the manager is back', async () => {
  let isAway = false;
  const manager = Number(new URL(bed.emulator.endpoint).port);
  // Where nothing listens, while the manager is away; its sessions live on.
  await using relay = await startRelay(() => (isAway ? 1 : manager));
  const env = { BACKEND_ENDPOINT: `http://127.0.0.1:${relay.port}` };
  const begun = await bed.bai(['forward', 'demo', `:${there}`, '--background'], { env });
  expect(begun.code, begun.stderr).toBe(0);
  const port = Number(/^127\.0\.0\.1:(\d+) /.exec(begun.stdout)?.[1]);
  expect(await read(port)).toBe('from the session\n');
  const { pid } = await only();
  isAway = true;
  relay.cut();
  expect(await read(port)).toBe('');
  expect(await only()).toMatchObject({ pid, state: 'unreachable', listeners: [{ port }] });
  isAway = false;
  expect(await read(port)).toBe('from the session\n');
  expect(await only()).toMatchObject({ pid, state: 'running', listeners: [{ port }] });
});

test('an expired login is said, and it goes on by itself after the next one', async () => {
  await using web = await openConsole();
  using home = tempFolder();
  const run = (args: readonly string[], input?: string): Promise<BaiResult> =>
    bai(args, { home: home.path, env: { BAI_SECRET_STORE: 'file' }, ...(input !== undefined && { input }) });
  const login = (): Promise<BaiResult> =>
    run(['login', web.endpoint, '--email', web.email, '--password-stdin'], `${web.password}\n`);
  expect(await login()).toMatchObject({ code: 0 });
  expect(
    (await run(['session', 'create', 'python', '--name', 'demo', '-r', 'cpu=1', '-r', 'mem=256m'])).code,
  ).toBe(0);
  const started = await run(['forward', 'demo', 'sshd', '-f']);
  expect(started.code, started.stderr).toBe(0);
  const port = Number(/^127\.0\.0\.1:(\d+) /.exec(started.stdout)?.[1]);
  const state = async (): Promise<string> =>
    JSON.parse((await run(['forward', 'list', '--json'])).stdout)[0]?.state;
  try {
    const greeting = async (): Promise<string> => {
      const socket = await dial(port);
      const bytes = await take(socket, 4);
      socket.destroy();
      return bytes.toString('latin1', 0, 4);
    };
    expect(await greeting()).toBe('SSH-');
    web.console.endLogins(web.email);
    expect(await greeting()).toBe('');
    expect(await state()).toBe('signed-out');
    expect(await login()).toMatchObject({ code: 0 });
    await until(async () => (await state()) === 'running', 'it has found the login');
    expect(await greeting()).toBe('SSH-');
    expect((await run(['forward', 'logs', 'demo'])).stdout).toContain('a new login was found');
  } finally {
    await run(['forward', 'stop', '--all']);
  }
});
