/** Tunnels, downloads, uploads, and what faults do to them. */

import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { until } from '../support/until.ts';
import { endOf, openBed } from './emulator-client.ts';

const run = promisify(execFile);
const tunnel = '/stream/session/demo/tcpproxy?app=sshd';

test('a tunnel carries the banner of the session’s sshd in binary frames and ignores text', async () => {
  await using bed = await openBed();
  await bed.session('demo');
  const socket = bed.webSocket(tunnel);
  const first = firstFrame(socket);
  socket.on('open', () => socket.send('text is ignored'));
  const { data, isBinary } = await first;
  expect([isBinary, data.toString().split('\r\n')[0]]).toEqual([true, 'SSH-2.0-dropbear_2024.85']);
  const pong = new Promise((resolve) => socket.once('pong', resolve));
  socket.ping();
  await pong;
  expect(socket.extensions).toBe('');
  socket.close();
  await until(() => bed.emulator.sessions.get('demo').sshConnections === 0, 'the connection is gone');
});

test('terminating the session closes its tunnels with 1001', async () => {
  await using bed = await openBed();
  await bed.session('demo');
  const socket = bed.webSocket(tunnel);
  const end = endOf(socket);
  await firstFrame(socket);
  await bed.call('DELETE', '/session/demo');
  expect(await end).toEqual({ code: 1001 });
});

test('nothing listening means 101 first and then 1013', async () => {
  await using bed = await openBed();
  await bed.session('demo');
  await bed.emulator.sessions.get('demo').stopSshd();
  expect(await endOf(bed.webSocket(tunnel))).toEqual({ code: 1013 });
  await bed.emulator.sessions.get('demo').restartSshd();
  const again = bed.webSocket(tunnel);
  await firstFrame(again);
  again.terminate();
});

test.each([
  ['26.9.6', '/stream/session/nosuch/tcpproxy?app=sshd', 404],
  ['26.9.6', '/stream/session/demo/tcpproxy?app=nosuch', 404],
  ['26.9.6', '/stream/session/demo/tcpproxy', 400],
  ['26.9.6', '/stream/session/demo/tcpproxy?app=sshd&port=9999', 400],
  ['25.13.0', '/stream/session/demo/tcpproxy?app=sshd&port=2200', 400],
])('%s refuses %s before the upgrade with %i', async (release, target, status) => {
  await using bed = await openBed({ release });
  await bed.session('demo');
  expect(await endOf(bed.webSocket(target))).toEqual({ status });
});

test('a tunnel into a session that has not started is 404 now and 500 then', async () => {
  for (const [release, status] of [
    ['26.9.6', 404],
    ['23.09.10', 500],
  ] as const) {
    await using bed = await openBed({ release });
    bed.emulator.sessions.holdAt('PENDING');
    await bed.session('demo', { enqueueOnly: true });
    expect(await endOf(bed.webSocket(tunnel))).toEqual({ status });
    const apps = await bed.call('GET', '/stream/session/demo/apps');
    expect(apps.status).toBe(status === 404 ? 404 : 200);
  }
});

test('26.3.0 to 26.4.3 take no id in stream paths', async () => {
  await using bed = await openBed({ release: '26.4.2' });
  const { id } = await bed.session('demo');
  expect((await bed.call('GET', `/stream/session/${id}/apps`)).status).toBe(404);
  expect((await bed.call('GET', '/stream/session/demo/apps')).status).toBe(200);
  expect((await bed.call('GET', `/session/${id}`)).status).toBe(200);
});

test('a wrong signature refuses the upgrade; a plain GET is a bad request', async () => {
  await using bed = await openBed();
  await bed.session('demo');
  expect((await bed.call('GET', tunnel)).status).toBe(400);
  expect((await bed.call('GET', tunnel, { secretKey: 'wrong' })).status).toBe(401);
});

test('an app that is hidden is in no list and has no tunnel', async () => {
  await using bed = await openBed();
  await bed.session('demo');
  bed.emulator.sessions.get('demo').hideApp('sshd');
  const apps = (await bed.call('GET', '/stream/session/demo/apps')).json<{ name: string }[]>();
  expect(apps.map(({ name }) => name)).toEqual(['ttyd', 'jupyter', 'jupyterlab']);
  expect(await endOf(bed.webSocket(tunnel))).toEqual({ status: 404 });
});

test('a reader that stalls holds the sender back, and then gets everything', async () => {
  const size = 32 * 1024 * 1024;
  let written = 0;
  const server = await listen((socket) => {
    const chunk = Buffer.alloc(64 * 1024, 7);
    const more = () => {
      while (written < size) {
        written += chunk.length;
        if (!socket.write(chunk)) return;
      }
      socket.end();
    };
    socket.on('drain', more);
    more();
  });
  await using bed = await openBed();
  await bed.session('demo');
  bed.emulator.sessions
    .get('demo')
    .addApp({ name: 'flood', protocol: 'tcp', containerPort: 1, hostPort: server.port });
  const socket = bed.webSocket('/stream/session/demo/tcpproxy?app=flood');
  const end = endOf(socket);
  let received = 0;
  socket.on('message', (data: Buffer) => {
    received += data.length;
  });
  await new Promise((resolve) => socket.once('open', resolve));
  socket.pause();
  let before = -1;
  let looksAlike = 0;
  await until(() => {
    looksAlike = before === written ? looksAlike + 1 : 0;
    before = written;
    return looksAlike >= 10 && written > 0;
  }, 'the sender stands still');
  expect(written).toBeLessThan(size);
  socket.resume();
  expect([await end, received]).toEqual([{ code: 1001 }, size]);
  server.close();
});

test('what a client sent before it closed still reaches the app', async () => {
  const got: Buffer[] = [];
  const server = await listen((socket) => socket.on('data', (chunk: Buffer) => got.push(chunk)));
  await using bed = await openBed();
  await bed.session('demo');
  bed.emulator.sessions
    .get('demo')
    .addApp({ name: 'sink', protocol: 'tcp', containerPort: 1, hostPort: server.port });
  const socket = bed.webSocket('/stream/session/demo/tcpproxy?app=sink');
  socket.on('open', () => {
    socket.send(Buffer.alloc(1_000_000));
    socket.close();
  });
  await until(() => Buffer.concat(got).length === 1_000_000, 'all bytes arrived');
  server.close();
});

test('a sixth connection that has not logged in is closed before the banner', async () => {
  await using bed = await openBed();
  await bed.session('demo');
  const sockets = Array.from({ length: 5 }, () => bed.webSocket(tunnel));
  await Promise.all(sockets.map(firstFrame));
  expect(await endOf(bed.webSocket(tunnel))).toEqual({ code: 1001 });
  sockets[0]?.terminate();
  await until(() => bed.emulator.sessions.get('demo').sshConnections === 4, 'one place is free');
  const next = bed.webSocket(tunnel);
  await firstFrame(next);
  for (const socket of [next, ...sockets]) socket.terminate();
});

test.each([
  ['23.09.10', 'GET', '?files=id_container', undefined, 200],
  ['23.09.10', 'GET', '', { files: ['id_container'] }, 200],
  ['23.09.10', 'POST', '?files=id_container', { files: ['id_container'] }, 405],
  ['23.09.11', 'GET', '?files=id_container', undefined, 200],
  ['23.09.11', 'GET', '', { files: ['id_container'] }, 400],
  ['24.03.7', 'GET', '?files=id_container', undefined, 400],
  ['24.03.7', 'POST', '?files=id_container', { files: ['id_container'] }, 200],
  ['26.3.0', 'POST', '?files=id_container', undefined, 400],
  ['26.3.0', 'POST', '', { files: ['id_container'] }, 200],
  ['26.4.7', 'POST', '', { files: ['id_container'] }, 400],
  ['26.4.7', 'POST', '?files=id_container', undefined, 200],
  ['26.9.6', 'POST', '?files=id_container', { files: ['id_container'] }, 200],
  ['26.9.6', 'GET', '?files=id_container', undefined, 405],
])('%s: %s download%s with body %o gives %i', async (release, method, query, json, status) => {
  await using bed = await openBed({ release });
  await bed.session('demo');
  const reply = await bed.call(method, `/session/demo/download${query}`, json === undefined ? {} : { json });
  expect(reply.status).toBe(status);
  if (status !== 200) return;
  expect(reply.headers['content-type']).toMatch(/^multipart\/mixed; boundary=/);
  const kind = release.startsWith('26') ? 'OPENSSH' : 'RSA';
  expect(reply.bytes.toString('latin1')).toContain(`-----BEGIN ${kind} PRIVATE KEY-----`);
});

test('a downloaded part is a tar that tar itself can read', async () => {
  await using bed = await openBed();
  await bed.session('demo');
  const { home = '' } = bed.emulator.sessions.get('demo');
  const long = `${'n'.repeat(120)}.txt`;
  await mkdir(join(home, 'tree', 'sub'), { recursive: true });
  await writeFile(join(home, 'tree', 'sub', long), 'hello');
  await symlink('sub', join(home, 'tree', 'link'));
  const reply = await bed.call('POST', '/session/demo/download?files=tree');
  const start = reply.bytes.indexOf('\r\n\r\n') + 4;
  const length = Number(/Content-Length: (\d+)/.exec(reply.bytes.toString('latin1'))?.[1]);
  const archive = join(bed.folder, 'part.tar');
  await writeFile(archive, reply.bytes.subarray(start, start + length));
  const { stdout } = await run('tar', ['-tf', archive]);
  expect(stdout.trim().split('\n').toSorted()).toEqual([
    'tree/',
    'tree/link',
    'tree/sub/',
    `tree/sub/${long}`,
  ]);
});

test('download_single returns the key itself, and nothing outside the home', async () => {
  await using bed = await openBed();
  await bed.session('demo');
  const { home = '' } = bed.emulator.sessions.get('demo');
  const reply = await bed.call('POST', '/session/demo/download_single?file=id_container');
  expect(reply.bytes).toEqual(await readFile(join(home, 'id_container')));
  await symlink('/etc/passwd', join(home, 'escape'));
  for (const file of ['/etc/passwd', '../../etc/passwd', 'escape', 'nope']) {
    const refused = await bed.call('POST', `/session/demo/download_single?file=${encodeURIComponent(file)}`);
    expect(refused.status).toBe(500);
  }
});

test('old releases tell why a download failed in agent-details', async () => {
  await using bed = await openBed({ release: '23.09.10' });
  await bed.session('demo');
  const reply = await bed.call('GET', '/session/demo/download?files=nope');
  expect([reply.status, reply.json()['agent-details']]).toMatchObject([
    500,
    { exception: "FileNotFoundError('Could not found the file: /home/work/nope')" },
  ]);
});

test('uploads go where the decoded filename* says, and filename stays literal', async () => {
  await using bed = await openBed();
  await bed.session('demo');
  const { home = '' } = bed.emulator.sessions.get('demo');
  const part = (name: string) =>
    `--x\r\nContent-Disposition: form-data; name="src"; ${name}\r\n\r\nhello\n\r\n`;
  const bytes = Buffer.from(
    `${part("filename*=UTF-8''dir%2Fa.txt")}${part('filename="dir%2Fb.txt"')}--x--\r\n`,
  );
  const contentType = 'multipart/form-data; boundary=x';
  expect((await bed.call('POST', '/session/demo/upload', { bytes, contentType })).status).toBe(204);
  expect(await readFile(join(home, 'dir', 'a.txt'), 'utf8')).toBe('hello\n');
  expect(await readFile(join(home, 'dir%2Fb.txt'), 'utf8')).toBe('hello\n');
  await symlink('/tmp', join(home, 'out'));
  const outside = Buffer.from(`${part("filename*=UTF-8''out%2Fbai-emulator-escape%2Fx")}--x--\r\n`);
  expect((await bed.call('POST', '/session/demo/upload', { bytes: outside, contentType })).status).toBe(500);
});

test('files are listed from the body up to 26.2 and from the query later', async () => {
  await using old = await openBed({ release: '23.09.10' });
  await old.session('demo');
  expect((await old.call('GET', '/session/demo/files?path=.')).status).toBe(400);
  const reply = await old.call('GET', '/session/demo/files', { json: { path: '.' } });
  const files = JSON.parse(reply.json<{ files: string }>().files) as { filename: string; mode: string }[];
  expect(files).toContainEqual(expect.objectContaining({ filename: 'id_container', mode: '-rw-------' }));
  await using now = await openBed();
  await now.session('demo');
  expect((await now.call('GET', '/session/demo/files?path=nope')).json()).toMatchObject({ files: '' });
});

test('faults: late, other status, broken JSON, cut, reset, refused, each as often as asked', async () => {
  await using bed = await openBed();
  const { faults } = bed.emulator;
  using busy = faults.add(
    { kind: 'answer', route: 'GET /auth', status: 503, body: '{"not', contentType: 'text/html' },
    1,
  );
  const reply = await bed.call('GET', '/auth?echo=a');
  expect([reply.status, reply.bytes.toString(), busy.hits]).toEqual([503, '{"not', 1]);
  expect((await bed.call('GET', '/auth?echo=a')).status).toBe(200);
  faults.add({ kind: 'cut', route: 'GET /*', afterBytes: 4 }, 1);
  await expect(bed.call('GET', '/auth?echo=a')).rejects.toThrow('aborted');
  faults.add({ kind: 'reset', route: /^GET / }, 1);
  await expect(bed.call('GET', '/auth?echo=a')).rejects.toThrow('ECONNRESET');
  faults.add({ kind: 'delay', route: 'GET /auth', ms: 120 }, 1);
  const before = performance.now();
  await bed.call('GET', '/auth?echo=a');
  expect(performance.now() - before).toBeGreaterThan(100);
  await faults.refuseConnections(true);
  await expect(bed.call('GET', '/auth?echo=a')).rejects.toThrow('ECONNREFUSED');
  await faults.refuseConnections(false);
  expect((await bed.call('GET', '/auth?echo=a')).status).toBe(200);
});

test('a request that is never answered does not keep the emulator from closing', async () => {
  const bed = await openBed();
  bed.emulator.faults.add({ kind: 'hang', route: 'GET /auth' });
  const hanging = bed.call('GET', '/auth?echo=a').catch((error: Error) => error.message);
  await until(() => bed.emulator.requests.length === 0, 'nothing answered');
  await bed[Symbol.asyncDispose]();
  expect(await hanging).toMatch(/hang up|ECONNRESET|ECONNREFUSED/);
});

test.each([1013, 1011, 1006] as const)(
  'tunnels can be made to end with %i, at once or after some bytes',
  async (code) => {
    await using bed = await openBed();
    await bed.session('demo');
    bed.emulator.faults.add({ kind: 'tunnel', code }, 1);
    expect(await endOf(bed.webSocket(tunnel))).toEqual({ code });
    bed.emulator.faults.add({ kind: 'tunnel', code, afterBytes: 10 }, 1);
    const socket = bed.webSocket(tunnel);
    const end = endOf(socket);
    expect((await firstFrame(socket)).data.toString()).toBe('SSH-2.0-dr');
    expect(await end).toEqual({ code });
    const fine = bed.webSocket(tunnel);
    await firstFrame(fine);
    fine.terminate();
  },
);

test('an sshd that is silent, that chatters first, and that only chatters', async () => {
  await using bed = await openBed();
  await bed.session('demo');
  bed.emulator.faults.add({ kind: 'sshd-silent' }, 1);
  const silent = bed.webSocket(tunnel);
  await until(() => bed.emulator.sessions.get('demo').sshConnections === 1, 'connected');
  silent.terminate();
  bed.emulator.faults.add({ kind: 'sshd-text', text: 'garbage\n', thenClose: true }, 1);
  const garbage = bed.webSocket(tunnel);
  const end = endOf(garbage);
  expect((await firstFrame(garbage)).data.toString()).toBe('garbage\n');
  expect(await end).toEqual({ code: 1001 });
});

test('downloads can be made to hold something else than the key', async () => {
  await using bed = await openBed();
  await bed.session('demo');
  bed.emulator.faults.add({ kind: 'download', content: '' });
  const reply = await bed.call('POST', '/session/demo/download_single?file=id_container');
  expect([reply.status, reply.bytes.length]).toEqual([200, 0]);
});

test('an account with an SSH key pair gives the same key to each session', async () => {
  await using bed = await openBed();
  const made = (await bed.call('PATCH', '/auth/ssh-keypair')).json<Record<string, string>>();
  await bed.session('one');
  await bed.session('two');
  for (const name of ['one', 'two']) {
    const reply = await bed.call('POST', `/session/${name}/download_single?file=id_container`);
    expect(reply.bytes.toString()).toBe(made['ssh_private_key']);
  }
});

function firstFrame(socket: WebSocket): Promise<{ data: Buffer; isBinary: boolean }> {
  return new Promise((resolve, reject) => {
    socket.once('message', (data: Buffer, isBinary) => resolve({ data, isBinary }));
    socket.once('close', (code) => reject(new Error(`closed with ${code}`)));
  });
}

async function listen(serve: Parameters<typeof createServer>[1]): Promise<{ port: number; close(): void }> {
  const server: Server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, close: () => void server.close() };
}
