/** A command that goes along with the login: it runs once or not at all, and what the server does not take is done step by step. */

import { once } from 'node:events';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import ssh2, { type Connection } from 'ssh2';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type EmulatorBed, openEmulator } from '../contract/app-bed.ts';
import { generateKey, sshServers } from '../support/sshd.ts';

let bed: EmulatorBed;
let home: string;
const open: (() => Promise<void>)[] = [];

beforeAll(async () => {
  bed = await openEmulator();
  const id = await bed.create('demo');
  home = bed.emulator.sessions.get(id).home ?? '';
});
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});
afterAll(() => bed[Symbol.asyncDispose]());

const hostKey = generateKey().private;

interface Behaviour {
  /** As its greeting has it. */
  readonly software?: string;
  /** Whether a login is taken; each counts, from 1. */
  readonly takes?: (login: number) => boolean;
  /** Each command is heard, and said to be refused. */
  readonly refusesCommands?: boolean;
  /** What happens to a connection that has logged in, before its channel is opened. */
  readonly loggedIn?: (client: Connection, login: number) => void;
}

/** In place of the session's sshd: what it was asked, in this order, and commands that end with 7. */
async function serve(
  { software = 'dropbear_2024.85', takes = () => true, loggedIn, refusesCommands = false }: Behaviour,
  otherKey?: string,
) {
  const heard: string[] = [];
  let logins = 0;
  const server = new ssh2.Server({ hostKeys: [otherKey ?? hostKey], ident: software }, (client) => {
    client.on('error', () => {});
    heard.push('connection');
    client.on('authentication', (context) => {
      if (context.method === 'publickey' && context.signature === undefined) return context.accept();
      logins += 1;
      heard.push('login');
      const login = logins;
      if (!takes(login)) {
        context.reject(['publickey']);
        // As dropbear does over a channel that is opened before the login.
        return client.end();
      }
      client.on('ready', () => loggedIn?.(client, login));
      context.accept();
      return undefined;
    });
    client.on('session', (accept) => {
      const session = accept();
      session.on('auth-agent', (take) => {
        heard.push('agent');
        take?.();
      });
      session.on('exec', (take, refuse, { command }) => {
        heard.push(command);
        if (refusesCommands) return refuse();
        const channel = take();
        channel.write('done');
        channel.exit(7);
        channel.end();
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
  open.push(() => new Promise((resolve) => server.close(() => resolve())));
  await leadTo(port, otherKey === undefined);
  return heard;
}

/** The session shows another host key from now on. */
async function leadTo(port: number, isForgotten = true): Promise<void> {
  Object.defineProperty(bed.emulator.sessions.get('demo'), 'sshPort', { value: port, configurable: true });
  if (isForgotten) await bed.bai(['host-key', 'forget', 'demo']);
}

/** ssh2's server numbers its channels itself: what it believes to be open are those before. */
function occupyNumbers(client: Connection, count: number): void {
  const channels: unknown = Reflect.get(client, '_chanMgr');
  for (let at = 0; at < count; at += 1)
    Reflect.apply(Reflect.get(channels as object, 'add'), channels, [() => {}]);
}

test('a command goes along with the login, and runs once', async () => {
  const heard = await serve({});
  expect(await bed.bai(['exec', 'demo', 'uname'])).toMatchObject({ code: 7, stdout: 'done' });
  expect(heard).toEqual(['connection', 'login', 'uname']);
});

test('of another number for the first channel nothing is believed: the command runs once, after it is known', async () => {
  const heard = await serve({
    loggedIn: (client, login) => {
      if (login === 1) occupyNumbers(client, 5);
    },
  });
  expect(await bed.bai(['exec', 'demo', 'uname'])).toMatchObject({ code: 7, stdout: 'done' });
  expect(heard).toEqual(['connection', 'login', 'connection', 'login', 'uname']);
});

test('a first channel that is refused is asked for again, step by step', async () => {
  const heard = await serve({
    loggedIn: (client, login) => {
      if (login === 1) client.noMoreSessions = true;
    },
  });
  expect(await bed.bai(['exec', 'demo', 'uname'])).toMatchObject({ code: 7, stdout: 'done' });
  expect(heard).toEqual(['connection', 'login', 'connection', 'login', 'uname']);
});

test('a login that was refused with what went along is made again, alone', async () => {
  const heard = await serve({ takes: (login) => login > 1 });
  expect(await bed.bai(['exec', 'demo', 'uname'])).toMatchObject({ code: 7, stdout: 'done' });
  expect(heard).toEqual(['connection', 'login', 'connection', 'login', 'uname']);
});

test('after a hang-up without a word nobody knows what was done: nothing is repeated, and the status is 255', async () => {
  const heard = await serve({ loggedIn: (client) => client.end() });
  const { code, stderr } = await bed.bai(['exec', 'demo', 'uname']);
  expect([code, stderr]).toEqual([255, expect.stringContaining('was lost')]);
  expect(heard.filter((each) => each === 'login')).toEqual(['login']);
});

test('a command that was refused after the agent was taken is not sent again without it', async () => {
  const heard = await serve({ refusesCommands: true });
  const path = join(bed.home, 'agent');
  const agent = createServer();
  agent.listen(path);
  await once(agent, 'listening');
  open.push(() => new Promise((resolve) => agent.close(() => resolve())));
  const ran = await bed.bai(['ssh', '-A', 'demo', '--', 'uname'], { env: { SSH_AUTH_SOCK: path } });
  expect([ran.code, heard]).toEqual([255, ['connection', 'login', 'agent', 'uname']]);
});

test('with a server that bai does not know nothing goes along with the login', async () => {
  const heard = await serve({ software: 'SomeSSH_1.0', takes: () => false });
  expect((await bed.bai(['exec', 'demo', 'uname'])).code).toBe(255);
  // A login that something went along with would have been made again.
  expect(heard).toEqual(['connection', 'login']);
});

test('before the host key is checked nothing of it leaves', async () => {
  await serve({});
  await bed.bai(['exec', 'demo', 'uname']);
  const heard = await serve({}, generateKey().private);
  const { code, stderr } = await bed.bai(['exec', 'demo', 'uname']);
  expect([code, stderr, heard]).toEqual([255, expect.stringContaining('host key'), ['connection']]);
});

describe.each(sshServers.filter(({ missing }) => missing === undefined))('$name', ({ start }) => {
  test('runs nothing of what went along with a login that it refuses, and the refusal is told', async () => {
    await using server = await start();
    await leadTo(server.port);
    const marker = join(server.home, 'ran');
    await writeFile(join(home, 'id_container'), generateKey().private);
    const env = { BAI_USER: server.user };
    const refused = await bed.bai(['exec', 'demo', `echo x >> ${marker}`], { env });
    expect([refused.code, refused.stderr]).toEqual([255, expect.stringMatching(/refused|does not let/)]);
    await copyFile(server.privateKeyPath, join(home, 'id_container'));
    expect(
      await bed.bai(['exec', 'demo', `cat; echo y >> ${marker}; exit 3`], { env, input: 'typed' }),
    ).toMatchObject({ code: 3, stdout: 'typed' });
    expect(await readFile(marker, 'utf8')).toBe('y\n');
  });
});
