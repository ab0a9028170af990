/** Tunnels that break, stall, refuse or lie, seen from the command line. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import {
  dial,
  type EmulatorBed,
  forward,
  freePort,
  openEmulator,
  readAll,
  readPort,
  take,
  until,
} from '../contract/app-bed.ts';

const page = { status: 502, body: '<html><h1>Bad Gateway</h1></html>', contentType: 'text/html' };
const upgrade = 'GET /stream/session/*/tcpproxy';

test('a refused upgrade writes no HTTP page into the stream: the client is reset, stderr says why, later ones work', async () => {
  await using bed = await demo();
  await using forwarded = await forward(bed, ['demo']);
  const fault = bed.emulator.faults.add({ kind: 'answer', route: upgrade, ...page });
  expect(await readPort(forwarded.port)).toEqual({ bytes: Buffer.alloc(0), error: 'ECONNRESET' });
  await until(() => /a connection failed: .*502/.test(forwarded.stderr()), 'the status is told');
  expect(forwarded.stderr()).not.toContain('<html>');
  fault[Symbol.dispose]();
  const socket = await dial(forwarded.port);
  expect((await take(socket, 8)).toString()).toMatch(/^SSH-2\.0-/);
  socket.destroy();
});

test('a refused upgrade ends app ssh with words, not with a hang', async () => {
  await using bed = await demo();
  bed.emulator.faults.add({ kind: 'answer', route: upgrade, ...page });
  const failed = await bed.bai(['app', 'ssh', 'demo', '--', 'echo in']);
  expect([failed.code, failed.stdout]).toEqual([5, '']);
  expect(failed.stderr).toContain('502');
});

test('a refused upgrade whose body trickles is no interrupt: it is told with its status, in every way in', async () => {
  await using bed = await demo();
  await using trickling = await trickleUpgrades(bed);
  const env = { BACKEND_ENDPOINT: trickling.endpoint };
  for (const args of [
    ['ssh', 'demo', '--', 'true'],
    ['ssh', 'demo', '--stdio'],
    ['sftp', 'ls', 'demo:'],
  ]) {
    const failed = await bed.bai(args, { env });
    expect([failed.code, failed.stdout], failed.stderr).toEqual([5, '']);
    expect(failed.stderr).toMatch(/^error: .*502/m);
    expect(failed.stderr).not.toContain('interrupted');
  }
  await bed.bai(['ssh', 'demo', '--', 'true']);
  await using forwarded = await forward(bed, ['demo'], { env });
  expect((await readPort(forwarded.port)).error).toBe('ECONNRESET');
  await until(() => /a connection failed: .*502/.test(forwarded.stderr()), 'the status is told');
});

test.each([1006, 1011] as const)(
  'close code %i in mid-stream resets that connection, is reported, and hurts no other',
  async (code) => {
    await using bed = await demo();
    await using echo = await serveApp(bed, (socket) => void socket.pipe(socket));
    await using forwarded = await forward(bed, ['demo', echo.name]);
    const other = await dial(forwarded.port);
    other.write('before');
    expect((await take(other, 6)).toString()).toBe('before');
    bed.emulator.faults.add({ kind: 'tunnel', code, afterBytes: 10 }, 1);
    const broken = await dial(forwarded.port);
    broken.write(randomBytes(100));
    expect((await readAll(broken)).error).toBe('ECONNRESET');
    await until(() => /a connection failed: the tunnel broke/.test(forwarded.stderr()), 'it is reported');
    other.write('after!');
    expect((await take(other, 6)).toString()).toBe('after!');
    other.destroy();
  },
);

test('1013 looks like a silent EOF, no retry: here it is tried again until the app listens', async () => {
  await using bed = await demo();
  const fault = bed.emulator.faults.add({ kind: 'tunnel', code: 1013 }, 5);
  const connected = await bed.bai(['app', 'ssh', 'demo', '--', 'echo in']);
  expect(connected).toMatchObject({ code: 0, stdout: 'in\n' });
  expect(fault.hits).toBe(5);
});

test('an app that begins to listen while its client waits is reached', async () => {
  await using bed = await demo();
  const port = await freePort();
  bed.emulator.sessions
    .get('demo')
    .addApp({ name: 'late', protocol: 'tcp', containerPort: 9000, hostPort: port });
  await using forwarded = await forward(bed, ['demo', 'late']);
  const answer = readPort(forwarded.port);
  const refused = (): number =>
    bed.emulator.requests.filter(({ target }) => target.includes('app=late')).length;
  await until(() => refused() >= 2, 'it was turned away');
  const server = createServer((socket) => socket.end('here now')).listen(port, '127.0.0.1');
  await once(server, 'listening');
  expect(await answer).toEqual({ bytes: Buffer.from('here now'), error: undefined });
  server.close();
});

test('local half-close cancels the download direction: 16 MiB arrive whole, 6 of 6', async () => {
  await using bed = await demo();
  const answer = randomBytes(16 << 20);
  await using app = await serveApp(bed, (socket) => socket.once('data', () => socket.end(answer)));
  await using forwarded = await forward(bed, ['demo', app.name]);
  for (let round = 0; round < 6; round += 1) {
    const socket = await dial(forwarded.port);
    const received = readAll(socket);
    socket.end('request');
    const { bytes, error } = await received;
    expect([bytes.equals(answer), error]).toEqual([true, undefined]);
  }
  expect(forwarded.stderr()).not.toContain('failed');
});

test('a hundred connections at once through one bai are byte-exact', async () => {
  await using bed = await demo();
  await using echo = await serveApp(bed, (socket) => void socket.pipe(socket));
  await using forwarded = await forward(bed, ['demo', echo.name]);
  await Promise.all(
    Array.from({ length: 100 }, async () => {
      const sent = randomBytes(100_000);
      const socket = await dial(forwarded.port);
      socket.write(sent);
      expect((await take(socket, sent.length)).equals(sent)).toBe(true);
      socket.destroy();
    }),
  );
});

test('each dial is freshly signed', async () => {
  await using bed = await demo();
  await using app = await serveApp(bed, (socket) => socket.end('hello'));
  await using forwarded = await forward(bed, ['demo', app.name]);
  const before = bed.emulator.requests.length;
  for (let round = 0; round < 3; round += 1) {
    expect((await readPort(forwarded.port)).bytes.toString()).toBe('hello');
  }
  // The emulator verifies every signature; what is not 101 was refused.
  const dials = bed.emulator.requests.slice(before).filter(({ target }) => target.includes('tcpproxy'));
  expect(dials.map(({ status }) => status)).toEqual([101, 101, 101]);
});

test('the session ends under open tunnels: they end, nothing is reported as lost, and bai ends with 12', async () => {
  await using bed = await demo();
  await using forwarded = await forward(bed, ['demo']);
  const sockets = await Promise.all([dial(forwarded.port), dial(forwarded.port)]);
  for (const socket of sockets) await take(socket, 8);
  const ends = sockets.map((socket) => readAll(socket));
  await bed.bai(['session', 'terminate', 'demo']);
  for (const { error } of await Promise.all(ends)) expect(error).toBeUndefined();
  await until(() => forwarded.child.exitCode !== null, 'bai has ended');
  expect(forwarded.child.exitCode).toBe(12);
  expect(forwarded.stderr()).toMatch(/^error: session demo has ended/m);
});

test('twenty ssh processes at once against a session that lets five strangers in all get through', async () => {
  await using bed = await openEmulator({ sessionMaxUnauthenticated: 5 });
  await bed.create('demo');
  const runs = await Promise.all(
    Array.from({ length: 20 }, (_, index) => bed.bai(['app', 'ssh', 'demo', '--', `echo ${index}`])),
  );
  expect(runs.map(({ code, stdout }) => `${code} ${stdout}`)).toEqual(
    Array.from({ length: 20 }, (_, index) => `0 ${index}\n`),
  );
});

test('"Received message too long": text before the greeting is not mistaken for an end', async () => {
  await using bed = await demo();
  bed.emulator.faults.add({ kind: 'sshd-text', text: 'Welcome!\r\n' });
  const connected = await bed.bai(['app', 'ssh', 'demo', '--', 'echo in']);
  expect(connected).toMatchObject({ code: 0, stdout: 'in\n' });
});

test('an sshd that answers with something else and hangs up is a failure with words', async () => {
  await using bed = await demo();
  bed.emulator.faults.add({ kind: 'sshd-text', text: 'HTTP/1.1 400 Bad Request\r\n\r\n', thenClose: true });
  const failed = await bed.bai(['app', 'ssh', 'demo', '--', 'echo in']);
  expect(failed.code).toBe(255);
  expect(failed.stderr).toMatch(/error: .*demo/);
});

test('no sshd in the session: message, then hangs — here the message, and the end', async () => {
  await using bed = await demo();
  bed.emulator.sessions.get('demo').hideApp('sshd');
  for (const args of [
    ['app', 'ssh', 'demo', '--', 'true'],
    ['app', 'forward', 'demo'],
    ['sftp', 'ls', 'demo:.'],
  ]) {
    const failed = await bed.bai(args);
    expect([failed.code, failed.stdout], args.join(' ') + failed.stderr).toEqual([4, '']);
    expect(failed.stderr).toMatch(/no app sshd[\s\S]*ttyd/);
  }
});

test('a manager that is gone while bai forwards: each connection fails alone, and works when it is back', async () => {
  await using bed = await demo();
  await using forwarded = await forward(bed, ['demo']);
  await bed.emulator.faults.refuseConnections(true);
  expect((await readPort(forwarded.port)).error).toBe('ECONNRESET');
  await until(() => /a connection failed/.test(forwarded.stderr()), 'it is reported');
  await bed.emulator.faults.refuseConnections(false);
  const socket = await dial(forwarded.port);
  expect((await take(socket, 8)).toString()).toMatch(/^SSH-2\.0-/);
  socket.destroy();
});

async function demo(): Promise<EmulatorBed> {
  const bed = await openEmulator();
  await bed.create('demo');
  return bed;
}

/** The manager, behind a proxy that refuses upgrades and takes its time to say why. */
async function trickleUpgrades(bed: EmulatorBed): Promise<{ readonly endpoint: string } & AsyncDisposable> {
  const timers = new Set<NodeJS.Timeout>();
  const server = createHttpServer((request, response) => {
    const { method, headers } = request;
    const target = new URL(request.url ?? '/', bed.emulator.endpoint);
    const passed = httpRequest(target, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(passed);
  });
  server.on('upgrade', (_, socket) => {
    socket.on('error', () => {});
    socket.write('HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n');
    const timer = setInterval(() => socket.write('<p>'), 200);
    timers.add(timer);
    socket.once('close', () => clearInterval(timer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearInterval(timer);
      server.close();
      server.closeAllConnections();
    },
  };
}

/** An app of the session that is a server of the test's. */
async function serveApp(
  bed: EmulatorBed,
  serve: (socket: Socket) => void,
): Promise<{ readonly name: string } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    serve(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  bed.emulator.sessions
    .get('demo')
    .addApp({ name: 'mine', protocol: 'tcp', containerPort: 9000, hostPort: address.port });
  return {
    name: 'mine',
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
