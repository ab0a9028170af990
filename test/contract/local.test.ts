/** `bai local`: a manager of one's own, in a process of its own. */

import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { proofOf } from '../../src/providers/backend-ai/manager/local-proof.ts';
import { type BaiResult, bai, finished, launcher, startBai, untilPrinted } from '../support/bai.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { openTerminal } from '../support/terminal.ts';
import { freePort, isAlive, listenersOn, until } from './app-bed.ts';

let folder: TempFolder;

beforeEach(() => {
  folder = tempFolder();
});

afterEach(async () => {
  await call('local', 'down');
  for (const pid of servesOf(folder.path)) process.kill(pid, 'SIGTERM');
  await until(() => servesOf(folder.path).length === 0, 'nothing of this test runs any more');
  folder[Symbol.dispose]();
});

const call = (...args: string[]): Promise<BaiResult> => bai(args, { home: folder.path });
const statePath = (): string => join(folder.path, '.local/share/bai/local.json');

interface State {
  readonly pid: number;
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

function state(): State {
  const read: State = JSON.parse(readFileSync(statePath(), 'utf8'));
  return read;
}

test('up starts one that bai uses while no endpoint is set, and config list says so', async () => {
  const up = await call('local', 'up');
  expect(up).toMatchObject({ code: 0, stdout: `${state().endpoint}\n` });
  expect(up.stderr).toMatch(/is up/);
  const listed: unknown = JSON.parse((await call('config', 'list', '--json')).stdout);
  expect(JSON.stringify(listed)).toContain('the local manager');
  expect(JSON.stringify(listed)).not.toContain(state().secretKey);
  expect((await call('session', 'create', 'python', '--name', 'demo')).code).toBe(0);
  expect((await call('app', 'ssh', 'demo', '--', 'echo in')).stdout).toBe('in\n');
});

test('it listens on 127.0.0.1 only, and its keys are readable for their owner only', async () => {
  await call('local', 'up');
  expect(listenersOn(Number(new URL(state().endpoint).port))).toEqual(['127.0.0.1']);
  expect(statSync(statePath()).mode & 0o777).toBe(0o600);
  const log = join(dirname(statePath()), 'local.log');
  expect(statSync(log).mode & 0o077).toBe(0);
  expect(readFileSync(log, 'utf8')).not.toContain(state().secretKey);
});

test('the secret key is in no argument list', async () => {
  await call('local', 'up');
  const { pid, secretKey } = state();
  expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(secretKey);
});

test('a second up uses the one that runs; status tells where; another port or release is a conflict', async () => {
  await call('local', 'up');
  const first = state();
  const again = await call('local', 'up', '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({ started: false, pid: first.pid });
  expect(again.stdout).not.toContain(first.secretKey);
  expect((await call('local', 'status')).stdout).toContain(first.endpoint);
  expect((await call('local', 'up', '--release', '23.09.10')).code).toBe(6);
  expect((await call('local', 'up', '--port', String(await freePort()))).code).toBe(6);
  expect(state()).toEqual(first);
});

test('--port and --release are what it starts with, and --export prints lines for a shell', async () => {
  const port = await freePort();
  const up = await call('local', 'up', '--port', String(port), '--release', '23.09.10', '--export');
  expect(up.stdout).toContain(`export BACKEND_ENDPOINT=http://127.0.0.1:${port}\n`);
  expect(up.stdout).toContain(`export BACKEND_SECRET_KEY=${state().secretKey}\n`);
  expect((await call('local', 'status')).stdout).toContain('23.09.10');
});

test('--console gives a web console and what to type there, and only to whoever asks for it', async () => {
  const up = await call('local', 'up', '--console', '--json');
  const { console: web } = JSON.parse(up.stdout);
  const signIn = { username: web.email, password: web.password };
  const reply = await fetch(`${web.endpoint}/server/login`, { method: 'POST', body: JSON.stringify(signIn) });
  expect(await reply.json()).toMatchObject({ authenticated: true, data: { access_key: state().accessKey } });
  expect(statSync(statePath()).mode & 0o777).toBe(0o600);
  expect(listenersOn(Number(new URL(web.endpoint).port))).toEqual(['127.0.0.1']);
  const again = await call('local', 'up', '--json');
  expect(JSON.parse(again.stdout).console).toEqual({ endpoint: web.endpoint, email: web.email });
  const exported = await call('local', 'up', '--console', '--export');
  expect(exported.stdout).toMatch(
    new RegExp(`^export BACKEND_ENDPOINT=${web.endpoint}\nexport BACKEND_ENDPOINT_TYPE=session\n`),
  );
  await call('local', 'down');
  await call('local', 'up');
  expect(await call('local', 'up', '--console')).toMatchObject({
    code: 6,
    stderr: expect.stringMatching(/without a web console/),
  });
});

test('down ends the process, its sessions and what runs in them, and leaves no state and no homes', async () => {
  await call('local', 'up');
  await call('session', 'create', 'python', '--name', 'demo');
  const started = await call('app', 'ssh', 'demo', '--', 'sleep 600 >/dev/null 2>&1 & echo $!');
  const sleeper = Number(started.stdout);
  expect(isAlive(sleeper)).toBe(true);
  const { pid, endpoint } = state();
  expect((await call('local', 'down')).stderr).toMatch(/have ended/);
  await until(() => !isAlive(pid) && !isAlive(sleeper), 'both have ended');
  expect(existsSync(statePath())).toBe(false);
  expect(listenersOn(Number(new URL(endpoint).port))).toEqual([]);
  const homes = join(dirname(statePath()), 'local');
  expect(existsSync(homes) ? readdirSync(homes) : []).toEqual([]);
  expect((await call('local', 'down')).stderr).toMatch(/no local manager/);
  expect((await call('local', 'status')).code).toBe(4);
});

test('down asks on a terminal where sessions live, and up says when something else is used all the same', async () => {
  await call('local', 'up');
  await call('session', 'create', 'python', '--name', 'demo');
  using terminal = openTerminal({ home: folder.path });
  const down = `${process.execPath} ${launcher} local down`;
  terminal.type(`${down}; echo status $?\r`);
  await terminal.see(/ends session demo as well\. End the local manager\?/);
  terminal.type('n\r');
  await terminal.see(/the local manager goes on[\s\S]*status 1/);
  const env = { BAI_ENDPOINT: 'http://127.0.0.1:9' };
  const up = await bai(['local', 'up'], { home: folder.path, env });
  expect(up.stderr).toContain('bai goes on using http://127.0.0.1:9, and not the local manager');
  expect(up.stderr).toContain('hint: unset BAI_ENDPOINT');
  terminal.type(`${down} --yes; echo status $?\r`);
  await terminal.see(/have ended[\s\S]*status 0/);
});

test('down while shells are open fails after 10 s: here it closes them, and ends', async () => {
  await call('local', 'up');
  await call('session', 'create', 'python', '--name', 'demo');
  await call('ssh', 'demo', '--', 'true');
  const { pid } = state();
  const start = (...args: string[]) => startBai(args, { home: folder.path });
  const open = [
    start('ssh', 'demo', '--', 'echo in; sleep 600'),
    start('ssh', 'demo', '--client', 'system', '--', 'echo in; sleep 600'),
    start('ssh', 'demo', '--stdio'),
    start('app', 'forward', 'demo'),
  ];
  const ends = open.map((child) => finished(child));
  await Promise.all(open.map((child) => untilPrinted(child, 'stdout', /in\n|SSH-2|rsync/)));
  expect(await call('local', 'down')).toMatchObject({ code: 0, stderr: expect.stringMatching(/have ended/) });
  expect(isAlive(pid)).toBe(false);
  expect((await Promise.all(ends)).map(({ code }) => code)).toEqual([255, 255, 0, 12]);
});

test('status never denies a manager that lives and does not answer, and down ends it', async () => {
  await call('local', 'up');
  const { pid } = state();
  process.kill(pid, 'SIGSTOP');
  const shown = await call('local', 'status');
  expect(shown).toMatchObject({ code: 5, stderr: expect.stringMatching(`process ${pid}.*does not answer`) });
  process.kill(pid, 'SIGCONT');
  expect((await call('local', 'down')).code).toBe(0);
  await until(() => !isAlive(pid), 'it has ended');
});

test('without one, and without an endpoint, the error tells of `bai local up`', async () => {
  const failed = await call('session', 'list');
  expect(failed.code).toBe(2);
  expect(failed.stderr).toContain('bai local up');
});

test('what a killed one left behind does not hurt, and the next up replaces it', async () => {
  await call('local', 'up');
  const { pid } = state();
  process.kill(pid, 'SIGKILL');
  await until(() => !isAlive(pid), 'it is dead');
  expect((await call('local', 'status')).code).toBe(4);
  const listed = await call('session', 'list');
  expect(listed.code).toBe(5);
  expect(listed.stderr).toMatch(/hint: /);
  expect((await call('local', 'up')).code).toBe(0);
  expect(state().pid).not.toBe(pid);
  expect((await call('session', 'list')).code).toBe(0);
});

interface Impostor extends AsyncDisposable {
  /** The first line of each request, and what else came. */
  readonly heard: string[];
}

/** Another user's program on the port of a manager that was killed: it agrees to everything. */
async function impostorOn(port: number, pid: number): Promise<Impostor> {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    heard.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`);
    const all = {
      version: 'v9.20250722',
      manager: '26.9.6',
      proof: '0'.repeat(64),
      pid,
      matches: [],
    };
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(all));
  });
  server.on('upgrade', (request, socket) => {
    heard.push(`UPGRADE ${request.url}`);
    socket.end();
  });
  // A process that is dead lets go of its port a moment later.
  await until(async () => {
    server.listen(port, '127.0.0.1');
    return once(server, 'listening').then(
      () => true,
      () => false,
    );
  }, 'the port is free');
  return {
    heard,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const onlyChallenges = /^GET \/bai\/proof\?challenge=[0-9a-f]{64} $/;

test('whoever listens on the port of a manager that was killed is sent nothing, and nobody is killed for it', async () => {
  // A port that the system does not give to others meanwhile.
  await call('local', 'up', '--port', String(await freePort()));
  await call('session', 'create', 'python', '--name', 'demo');
  const exported = await call('local', 'up', '--export');
  const { pid, endpoint } = state();
  process.kill(pid, 'SIGKILL');
  await until(() => !isAlive(pid), 'it is dead');
  await using impostor = await impostorOn(Number(new URL(endpoint).port), pid);
  const sleeper = spawn('/bin/sleep', ['600']);
  try {
    // The number of the process belongs to another one by now.
    writeFileSync(statePath(), JSON.stringify({ ...state(), pid: sleeper.pid }));
    for (const args of [
      ['session', 'list'],
      ['ssh', 'demo', '--', 'true'],
      ['sftp', 'put', statePath(), 'demo:'],
    ]) {
      const { code, stderr } = await call(...args);
      expect({ args, code }).toEqual({ args, code: 5 });
      expect(stderr).toContain('is not the local manager that was started here');
    }
    const variables = Object.fromEntries(
      [...exported.stdout.matchAll(/^export (\w+)=(.*)$/gm)].map(([, k, v]) => [k, v]),
    );
    expect((await bai(['session', 'list'], { home: folder.path, env: variables })).code).toBe(5);
    expect((await call('local', 'status')).code).toBe(4);
    expect((await call('local', 'down')).stderr).toMatch(/no local manager/);
    expect(sleeper.exitCode ?? sleeper.signalCode).toBeNull();
    expect(impostor.heard.length).toBeGreaterThan(3);
    for (const line of impostor.heard) expect(line).toMatch(onlyChallenges);
    expect((await call('local', 'up')).code).toBe(0);
    expect(state().endpoint).not.toBe(endpoint);
  } finally {
    sleeper.kill();
  }
});

test('a forward that is open while the manager is replaced by another program sends that one nothing', async () => {
  // A port that the system does not give to others meanwhile.
  await call('local', 'up', '--port', String(await freePort()));
  await call('session', 'create', 'python', '--name', 'demo');
  const forward = startBai(['app', 'forward', 'demo'], { home: folder.path });
  const [, port] = await untilPrinted(forward, 'stdout', /Port\s+(\d+)\n/);
  const { pid, endpoint } = state();
  process.kill(pid, 'SIGKILL');
  await until(() => !isAlive(pid), 'it is dead');
  await using impostor = await impostorOn(Number(new URL(endpoint).port), pid);
  const client = connect({ host: '127.0.0.1', port: Number(port) });
  client.on('error', () => {});
  client.write('what nobody else may read');
  await new Promise((resolve) => client.once('close', resolve));
  forward.kill();
  await once(forward, 'close');
  expect(impostor.heard.filter((line) => !onlyChallenges.test(line))).toEqual([]);
});

test('what one manager proves is no proof for another, and of no use for requests', async () => {
  await call('local', 'up');
  const { endpoint, secretKey, pid } = state();
  const challenge = '20261121'.repeat(8);
  const response = await fetch(`${endpoint}/bai/proof?challenge=${challenge}`);
  const port = Number(new URL(endpoint).port);
  const answer: unknown = await response.json();
  expect(answer).toEqual({ pid, proof: proofOf(secretKey, { challenge, pid, port }) });
  const asSigned = createHmac('sha256', secretKey).update(`${challenge}\n${pid}\n${port}`).digest('hex');
  expect(answer).not.toMatchObject({ proof: asSigned });
  for (const other of [{ port: port + 1 }, { pid: pid + 1 }, { challenge: challenge.replace('2', '3') }])
    expect(proofOf(secretKey, { challenge, pid, port, ...other })).not.toBe(
      proofOf(secretKey, { challenge, pid, port }),
    );
  expect((await fetch(`${endpoint}/bai/proof?challenge=short`)).status).not.toBe(200);
});

test('a state file that names somebody else’s process never gets that process killed', async () => {
  mkdirSync(dirname(statePath()), { recursive: true });
  const stale = {
    pid: process.pid,
    endpoint: `http://127.0.0.1:${await freePort()}`,
    accessKey: 'AKIAX',
    secretKey: 'x',
    release: '26.9.6',
  };
  writeFileSync(statePath(), JSON.stringify(stale));
  expect(await call('local', 'down')).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/no local manager/),
  });
});

test.each(['', '{', '[]', '{"pid":"1"}', 'null'])('a broken state file (%j) is as none', async (text) => {
  mkdirSync(dirname(statePath()), { recursive: true });
  writeFileSync(statePath(), text);
  expect((await call('local', 'status')).code).toBe(4);
  expect((await call('local', 'up')).code).toBe(0);
  expect(state().pid).toBeGreaterThan(0);
});

test('an endpoint in the environment wins, and its keys are not mixed with the local manager’s', async () => {
  await call('local', 'up');
  const env = { BACKEND_ENDPOINT: `http://127.0.0.1:${await freePort()}` };
  const listed = await bai(['config', 'list', '--json'], { home: folder.path, env });
  expect(listed.stdout).not.toContain('the local manager');
});

test('SIGTERM ends it as down does', async () => {
  await call('local', 'up');
  const { pid } = state();
  process.kill(pid, 'SIGTERM');
  await until(() => !isAlive(pid) && !existsSync(statePath()), 'it has ended and taken its state along');
});

test('a port that is taken is said by its number', async () => {
  await call('local', 'up');
  const port = new URL(state().endpoint).port;
  using other = tempFolder();
  const failed = await bai(['local', 'up', '--port', port], { home: other.path });
  expect([1, 6]).toContain(failed.code);
  expect(failed.stderr).toContain(port);
});

test('two first ups at once leave one manager, and down ends whatever was started', async () => {
  const ups = await Promise.all([call('local', 'up', '--json'), call('local', 'up', '--json')]);
  const pids = ups.map(({ stdout }): number => JSON.parse(stdout).pid);
  expect((await call('local', 'down')).code).toBe(0);
  await until(() => pids.every((pid) => !isAlive(pid)), 'those it told of have ended');
  // The one that stepped back may still be on its way out.
  await until(() => servesOf(folder.path).length === 0, 'the other one has ended too');
});

/** Processes of `local serve` that belong to this HOME. */
function servesOf(home: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => belongs(pid, home))
    .map(Number);
}

function belongs(pid: string, home: string): boolean {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return command.includes('local\0serve') && environment.includes(`HOME=${home}`);
  } catch {
    return false;
  }
}
