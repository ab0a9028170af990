/**
 * The door before a web app that a forwarder leads to: whoever is logged in to this machine reaches its port, and a browser shows by a
 * secret that it is the user's. The secret comes in the address once and in a cookie from then on. What a connection begins with is
 * looked at and nothing else: who has shown the secret may send what it likes over it, a WebSocket too.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { countDown } from '../core/time-limit.ts';
import type { LocalClient } from './local-client.ts';

export interface WebGate {
  /** Characters of a URL. */
  readonly secret: string;
}

/** What the secret is called in an address. */
const secretParameter = 'bai-secret';

const mostHeadBytes = 64 * 1024;
const headLimitMs = 15_000;
const cookieSeconds = 30 * 24 * 3_600;

/** Whether the client may go on; it is answered where it may not. */
export async function admit({ socket, input }: LocalClient, { secret }: WebGate): Promise<boolean> {
  const head = await readHead(input);
  const port = socket.localPort ?? 0;
  const request = head && parseHead(head);
  if (request === undefined) {
    socket.resetAndDestroy();
    return false;
  }
  if (request.cookies.some(({ name, value }) => name === cookieName(port) && isSame(value, secret))) {
    input.unshift(head);
    return true;
  }
  const { shown, path } = takeSecret(request.target);
  const isRight = shown !== undefined && isSame(shown, secret);
  // A page elsewhere must not be able to send something here by way of the address.
  if (isRight && (request.method === 'GET' || request.method === 'HEAD'))
    await answer(socket, welcome(port, secret, path));
  else await answer(socket, refusal);
  return false;
}

/** Of ports, which cookies do not tell apart. */
function cookieName(port: number): string {
  return `bai-${port}`;
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => createHash('sha256').update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

/** To the end of the first request's headers, and what came behind them; nothing when it does not come. */
function readHead(input: Readable): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    let head = Buffer.alloc(0);
    const settle = (found: Buffer | undefined): void => {
      limit[Symbol.dispose]();
      input.off('readable', look).off('end', end).off('error', end).off('close', end);
      resolve(found);
    };
    const end = (): void => settle(undefined);
    const look = (): void => {
      for (let chunk: unknown = input.read(); chunk instanceof Buffer; chunk = input.read()) {
        head = Buffer.concat([head, chunk]);
        if (head.includes('\r\n\r\n')) settle(head);
        else if (!mayBeRequest(head)) end();
      }
    };
    const limit = countDown(headLimitMs, end);
    limit.unref();
    input.on('readable', look).once('end', end).once('error', end).once('close', end);
    look();
  });
}

/** Anything but HTTP is not waited for. */
function mayBeRequest(head: Buffer): boolean {
  return head.length <= mostHeadBytes && /^[A-Z]{1,20}(?: |$)/.test(head.toString('latin1', 0, 24));
}

interface Request {
  readonly method: string;
  readonly target: string;
  readonly cookies: readonly { readonly name: string; readonly value: string }[];
}

function parseHead(head: Buffer): Request | undefined {
  const [first = '', ...lines] = head.toString('latin1').split('\r\n\r\n', 1)[0]?.split('\r\n') ?? [];
  const [, method, target] = /^([A-Z]+) (\/[\x21-\x7e]*) HTTP\/1\.[01]$/.exec(first) ?? [];
  if (method === undefined || target === undefined) return undefined;
  const cookies = lines
    .filter((line) => /^cookie:/i.test(line))
    .flatMap((line) => line.slice(line.indexOf(':') + 1).split(';'))
    .map((pair) => ({
      name: pair.split('=', 1)[0]?.trim() ?? '',
      value: pair.slice(pair.indexOf('=') + 1).trim(),
    }));
  return { method, target, cookies };
}

/** The target without the secret, for the address line and the history of the browser. */
function takeSecret(target: string): { readonly shown: string | undefined; readonly path: string } {
  const [path = '/', query = ''] = target.split(/\?(.*)/s);
  const start = `${secretParameter}=`;
  const all = query.split('&').filter((each) => each !== '');
  const others = all.filter((each) => !each.startsWith(start));
  // `//host` would lead a browser elsewhere.
  const own = path.replace(/^\/+/, '/');
  return {
    shown: all.find((each) => each.startsWith(start))?.slice(start.length),
    path: others.length === 0 ? own : `${own}?${others.join('&')}`,
  };
}

function welcome(port: number, secret: string, path: string): string {
  const cookie = `${cookieName(port)}=${secret}; Path=/; Max-Age=${cookieSeconds}; HttpOnly; SameSite=Lax`;
  return httpAnswer(
    '302 Found',
    [`Location: ${path}`, `Set-Cookie: ${cookie}`, 'Referrer-Policy: no-referrer'],
    '',
  );
}

const refusal = httpAnswer(
  '403 Forbidden',
  ['Content-Type: text/plain; charset=utf-8'],
  'This port leads into a session of one user of this machine, and your browser has not shown the secret for it.\n' +
    'Open the address that `bai forward` printed, or run `bai forward open`.\n',
);

function httpAnswer(status: string, headers: readonly string[], body: string): string {
  const always = [
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
  ];
  return [`HTTP/1.1 ${status}`, ...headers, ...always, '', body].join('\r\n');
}

/** Resolves when the client has it, or has gone. */
async function answer(socket: Socket, text: string): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    // What the client sends behind its first request is not read: a close with it unread would take the answer away.
    socket.end(text, () => setImmediate(() => void socket.resume()));
    const limit = countDown(lingerMs, () => socket.destroy());
    limit.unref();
    socket.once('close', () => limit[Symbol.dispose]());
  });
}

const lingerMs = 2_000;
