/**
 * A day's worth of faults for `bai forward` in a minute: the line to the manager is cut, gone for a while or stands still, again and
 * again. Its ports stay, a new connection works once the line is back, and what can be kept is kept.
 */

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  dial,
  type EmulatorBed,
  isAlive,
  listenersOn,
  openEmulator,
  take,
  until,
} from '../contract/app-bed.ts';
import { finished, untilPrinted } from '../support/bai.ts';
import { type Relay, startRelay } from '../support/relay.ts';

const cuts = 200;

let bed: EmulatorBed;
let relay: Relay;
let server: Server;
let there = 0;
let isDown = false;

beforeAll(async () => {
  bed = await openEmulator();
  await bed.create('demo');
  // Says its name, then whatever it hears.
  server = createServer((socket) => {
    socket.setMaxListeners(0);
    socket.on('error', () => {});
    socket.write('hello');
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  there = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const manager = Number(new URL(bed.emulator.endpoint).port);
  // Where nothing listens, while the manager is down.
  relay = await startRelay(() => (isDown ? 1 : manager));
});

afterAll(async () => {
  await relay?.[Symbol.asyncDispose]();
  server?.close();
  await bed?.[Symbol.asyncDispose]();
});

/** Through the port to what is behind it: its first bytes, or nothing when it was hung up on. */
async function reach(port: number, first: string): Promise<Socket | undefined> {
  const socket = await dial(port);
  if ((await take(socket, first.length)).toString().startsWith(first)) return socket;
  socket.destroy();
  return undefined;
}

async function echoes(socket: Socket, text: string): Promise<boolean> {
  const answer = take(socket, text.length);
  socket.write(text);
  return (await answer).toString() === text;
}

test(`over ${cuts} cuts no port is lost, and a new connection works as soon as the line is back`, async () => {
  const env = { BACKEND_ENDPOINT: `http://127.0.0.1:${relay.port}` };
  const child = bed.start(['forward', 'demo', `:${there}`, 'sshd'], { env });
  const ended = finished(child);
  const [text] = await untilPrinted(child, 'stdout', /^(?:.+\n){2}$/);
  const ports = text
    .trim()
    .split('\n')
    .map((line) => Number(/^127\.0\.0\.1:(\d+) /.exec(line)?.[1]));
  const [port = 0, sshd = 0] = ports;
  const reachBoth = (): Promise<(Socket | undefined)[]> =>
    Promise.all([reach(port, 'hello'), reach(sshd, 'SSH-')]);
  for (let cut = 0; cut < cuts; cut += 1) {
    // By turns: cut and back at once, away for a moment, and standing still.
    const way = cut % 4;
    if (way === 3) relay.stall(cut % 8 === 3 ? 'up' : 'down');
    isDown = way === 2;
    relay.cut();
    if (isDown) {
      expect(await reach(cut % 8 < 4 ? port : sshd, 'hello')).toBeUndefined();
      isDown = false;
    }
    if (way === 3) relay.heal();
    const both = await reachBoth();
    expect(
      both.filter((socket) => socket === undefined),
      `after cut ${cut}`,
    ).toEqual([]);
    expect(ports.flatMap(listenersOn)).toEqual(['127.0.0.1', '127.0.0.1']);
    for (const socket of both) if (cut % 10 !== 0) socket?.destroy();
  }
  expect(child.exitCode).toBeNull();
  // What no cut has ended lives on over a line that is gone for a moment, and nothing is lost.
  const kept = await Promise.all(Array.from({ length: 10 }, () => reach(port, 'hello')));
  for (let round = 0; round < 20; round += 1) {
    relay.hold();
    const texts = kept.map((_, at) => `${round}-${at};`);
    const asked = kept.map(async (socket, at) => socket !== undefined && echoes(socket, texts[at] ?? ''));
    await until(() => relay.held('up') >= texts.join('').length, 'all that was asked stands at the line');
    relay.release();
    expect((await Promise.all(asked)).every(Boolean)).toBe(true);
  }
  for (const socket of kept) socket?.destroy();

  // Another network: what stood is dead, and nobody says so. Nobody waits until that is known.
  for (let change = 0; change < 3; change += 1) {
    relay.forsake();
    const both = await reachBoth();
    expect(
      both.filter((socket) => socket === undefined),
      `after change ${change}`,
    ).toEqual([]);
    for (const socket of both) socket?.destroy();
  }
  child.kill('SIGINT');
  expect((await ended).code).toBe(130);
  await until(() => !isAlive(child.pid ?? 0), 'it has ended');
}, 300_000);
