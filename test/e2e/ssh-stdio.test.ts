/** `bai app ssh --stdio`: nothing but the stream, and what it asks of the manager. */

import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EmulatorBed, openEmulator, until } from '../contract/app-bed.ts';
import { finished, statusOf, untilPrinted } from '../support/bai.ts';
import { inTime } from '../support/until.ts';

const greeting = 'SSH-2.0-test\r\n';

/** In the place of a session's sshd: greets, and leaves the rest to the test. */
async function listen(
  serve: (socket: Socket) => void,
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(greeting);
    serve(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

describe.each(['26.9.6', '23.09.10'])('the stream of manager %s', (release) => {
  let bed: EmulatorBed;

  beforeAll(async () => {
    bed = await openEmulator({ release });
    await bed.create('demo');
    await bed.bai(['app', 'ssh', 'demo', '--', 'true']);
  });

  afterAll(() => bed?.[Symbol.asyncDispose]());

  async function serveBy(serve: (socket: Socket) => void): Promise<Server> {
    const { server, port } = await listen(serve);
    const session = bed.emulator.sessions.get('demo');
    session.addApp({ name: 'sshd', protocol: 'tcp', containerPort: 2200, hostPort: port });
    return server;
  }

  const stdio = ['app', 'ssh', 'demo', '--stdio'];

  test('all bytes arrive in both directions, and no other byte does', async () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const sent = Buffer.concat(Array.from({ length: 8192 }, () => all));
    const server = await serveBy((socket) => {
      let left = sent.length;
      socket.on('data', (chunk) => {
        left -= chunk.length;
        socket.write(chunk);
        if (left === 0) socket.end();
      });
    });
    const ran = await bed.bai(stdio, { input: sent });
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(ran.stdoutBytes.equals(Buffer.concat([Buffer.from(greeting), sent]))).toBe(true);
    server.close();
  });

  test('the end of stdin does not cut off what the far side still says; its end is status 0', async () => {
    const answer = Buffer.alloc(4 << 20, 'answer ');
    const server = await serveBy((socket) => {
      socket.once('data', () => socket.end(answer));
    });
    const ran = await bed.bai(stdio, { input: 'question' });
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(ran.stdoutBytes.equals(Buffer.concat([Buffer.from(greeting), answer]))).toBe(true);
    server.close();
  });

  test('an sshd that waits for minutes for a program that has sent all it will is not waited for', async () => {
    const server = await serveBy((socket) => socket.resume());
    const child = bed.start(stdio);
    await untilPrinted(child, 'stdout', /SSH-2.0/);
    const ended = finished(child);
    child.stdin.end();
    expect(await inTime(ended, 'it has ended')).toMatchObject({ code: 0, stderr: '' });
    await until(() => bed.emulator.openTunnels === 0, 'no tunnel is open');
    server.close();
  });

  test('the far side’s end ends it while stdin is open', async () => {
    const server = await serveBy((socket) => socket.end('bye'));
    const ended = await finished(bed.start(stdio));
    expect([ended.code, ended.stdout, ended.stderr]).toEqual([0, `${greeting}bye`, '']);
    server.close();
  });

  test('a reader that has gone away ends it quietly', async () => {
    const server = await serveBy((socket) => {
      socket.on('data', (chunk) => socket.write(chunk));
    });
    const child = bed.start(stdio);
    await untilPrinted(child, 'stdout', /SSH-2.0/);
    const ended = finished(child);
    child.stdout.destroy();
    child.stdin.on('error', () => {});
    child.stdin.write('echo');
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    await until(() => bed.emulator.openTunnels === 0, 'no tunnel is open');
    server.close();
  });

  test.each(['SIGHUP', 'SIGTERM'] as const)('%s, with which ssh ends it, ends it quietly', async (signal) => {
    const server = await serveBy(() => {});
    const child = bed.start(stdio);
    await untilPrinted(child, 'stdout', /SSH-2.0/);
    const ended = finished(child);
    child.kill(signal);
    expect(await ended).toMatchObject({ code: statusOf(signal), stderr: '' });
    server.close();
  });

  test('a tunnel that breaks is said on stderr, with status 5', async () => {
    const server = await serveBy((socket) => {
      socket.on('data', (chunk) => socket.write(chunk));
    });
    using _fault = bed.emulator.faults.add({ kind: 'tunnel', code: 1011, afterBytes: 100 });
    const child = bed.start(stdio);
    await untilPrinted(child, 'stdout', /SSH-2.0/);
    const ended = finished(child);
    child.stdin.on('error', () => {});
    child.stdin.write(Buffer.alloc(1000));
    const { code, stderr } = await ended;
    expect([code, stderr.split('\n')[0]]).toEqual([5, expect.stringMatching(/^error: the tunnel/)]);
    server.close();
  });
});

describe('before the stream', () => {
  test('the first time key and host key are put where ssh looks, and not a word is said', async () => {
    await using bed = await openEmulator();
    const id = await bed.create('demo');
    const child = bed.start(['app', 'ssh', 'demo', '--stdio']);
    const [banner] = await untilPrinted(child, 'stdout', /^SSH-2.0-\S+\r\n/);
    expect(banner).toMatch(/^SSH-2.0-/);
    expect(existsSync(join(bed.home, '.ssh/id_container'))).toBe(true);
    expect(readFileSync(join(bed.home, '.local/share/bai/known_hosts'), 'utf8')).toMatch(
      `bai-${id} ssh-rsa `,
    );
    const ended = finished(child);
    child.kill('SIGHUP');
    expect((await ended).stderr).toBe('');
  });

  test('with key and pin there, the manager is asked for the session and the tunnel, by id for the tunnel alone', async () => {
    await using bed = await openEmulator();
    const id = await bed.create('demo');
    await bed.bai(['app', 'ssh', 'demo', '--client', 'system', '--', 'true']);
    for (const [reference, asked] of [
      ['demo', ['GET /', 'GET /session/_/match', `GET /stream/session/${id}/tcpproxy`]],
      [id, ['GET /', `GET /stream/session/${id}/tcpproxy`]],
    ] as const) {
      const before = bed.emulator.requests.length;
      const child = bed.start(['app', 'ssh', reference, '--stdio']);
      await untilPrinted(child, 'stdout', /SSH-2.0/);
      const ended = finished(child);
      child.kill('SIGHUP');
      await ended;
      const made = bed.emulator.requests.slice(before);
      expect(made.map(({ method, target }) => `${method} ${target.split('?')[0]}`)).toEqual(asked);
    }
  });

  test('a release that finds tunnels by the session’s name alone is asked for that', async () => {
    await using bed = await openEmulator({ release: '26.3.0' });
    const id = await bed.create('demo');
    await bed.bai(['app', 'ssh', 'demo', '--', 'true']);
    const child = bed.start(['app', 'ssh', id, '--stdio']);
    await untilPrinted(child, 'stdout', /^SSH-2.0/);
    const ended = finished(child);
    child.kill('SIGHUP');
    expect((await ended).stderr).toBe('');
  });

  test('a session that still starts is waited for in silence', async () => {
    await using bed = await openEmulator();
    bed.emulator.sessions.holdAt('PREPARING');
    await bed.bai([
      'session',
      'create',
      'python',
      '--name',
      'slow',
      '--no-wait',
      '-r',
      'cpu=1',
      '-r',
      'mem=256m',
    ]);
    const child = bed.start(['app', 'ssh', 'slow', '--stdio']);
    // Requests are recorded when they are answered; the events that it waits for never are.
    const isLookedUp = (): boolean =>
      bed.emulator.requests.some(({ target }) => target.startsWith('/session/_/match'));
    await until(isLookedUp, 'bai has found the session');
    bed.emulator.sessions.holdAt(undefined);
    await untilPrinted(child, 'stdout', /^SSH-2.0/);
    const ended = finished(child);
    child.kill('SIGHUP');
    expect((await ended).stderr).toBe('');
  });

  test('what fails is said on stderr alone, with the usual status', async () => {
    await using bed = await openEmulator();
    await bed.create('demo');
    for (const [args, code] of [
      [['nosuch', '--stdio'], 4],
      [['demo', '--stdio', '--no-client'], 2],
      [['demo', '--stdio', '--port', '12000'], 2],
      [['demo', '--stdio', '--strict-port'], 2],
      [['demo', '--stdio', '--', 'true'], 2],
      [['--stdio', '--ssh-host', "a'b.bai", '--', "a'b.bai"], 2],
      [['--stdio', '--ssh-host', '../demo.bai', '--', 'demo'], 2],
      [['--stdio', '--ssh-host', 'demo', '--', 'demo'], 2],
      [['--stdio', '--ssh-host', '-x.bai', '--', '-x.bai'], 2],
    ] as const) {
      const failed = await bed.bai(['app', 'ssh', ...args]);
      expect([failed.code, failed.stdout], args.join(' ')).toEqual([code, '']);
      expect(failed.stderr).toMatch(/^error: [^\n]+\n(hint: [^\n]+\n)?$/);
    }
    const failed = await bed.bai(['--json', 'app', 'ssh', 'nosuch', '--stdio']);
    expect([failed.stdout, JSON.parse(failed.stderr)]).toMatchObject(['', { error: { exitCode: 4 } }]);
  });
});
