/** The server's side of SOCKS, as far as ssh -D has it: CONNECT of versions 4, 4A and 5 (RFC 1928), without a login. */

import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { ForwardTarget } from '../core/ssh/ssh-arguments.ts';

export interface SocksRequest {
  readonly target: ForwardTarget;
  /** Tells the program whether it is connected. What it sends next is for the target. */
  answer(outcome: SocksOutcome): void;
}

type SocksOutcome = 'connected' | 'refused' | 'not-allowed';

/**
 * Reads where a program wants to go, and not a byte more. Nothing when it speaks no SOCKS, wants something else than
 * CONNECT or goes away; it has been told so in its protocol then, and the stream is for the caller to end.
 */
export async function askTarget(stream: Duplex): Promise<SocksRequest | undefined> {
  const [version] = (await take(stream, 1)) ?? [];
  if (version === 5) return askVersion5(stream);
  if (version === 4) return askVersion4(stream);
  return undefined;
}

const connectCommand = 1;
const noLogin = 0;
const noAcceptableMethod = 0xff;
const commandNotSupported = 7;
const addressTypeNotSupported = 8;

const replies5: Readonly<Record<SocksOutcome, number>> = { connected: 0, refused: 5, 'not-allowed': 2 };

async function askVersion5(stream: Duplex): Promise<SocksRequest | undefined> {
  const methods = await takeCounted(stream);
  if (methods === undefined) return undefined;
  const method = methods.includes(noLogin) ? noLogin : noAcceptableMethod;
  stream.write(Buffer.from([5, method]));
  const [, command, , type] = method === noLogin ? ((await take(stream, 4)) ?? []) : [];
  if (type === undefined) return undefined;
  // The address that is bound over there is not known, and nobody asks for it.
  const reply = (code: number): void => void stream.write(Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]));
  const host = await takeAddress5(stream, type);
  const port = await take(stream, 2);
  if (host === undefined) reply(addressTypeNotSupported);
  else if (command !== connectCommand) reply(commandNotSupported);
  else if (port !== undefined)
    return {
      target: { host, port: port.readUInt16BE() },
      answer: (outcome) => reply(replies5[outcome]),
    };
  return undefined;
}

async function takeAddress5(stream: Duplex, type: number): Promise<string | undefined> {
  switch (type) {
    case 1:
      return (await take(stream, 4))?.join('.');
    case 3:
      return (await takeCounted(stream))?.toString('latin1');
    case 4:
      return (await take(stream, 16))?.toString('hex').match(/..../g)?.join(':');
    default:
      return undefined;
  }
}

async function askVersion4(stream: Duplex): Promise<SocksRequest | undefined> {
  const fixed = await take(stream, 7);
  const user = await takeText(stream);
  if (fixed === undefined || user === undefined) return undefined;
  const reply = (code: number): void => void stream.write(Buffer.from([0, code, 0, 0, 0, 0, 0, 0]));
  const address = fixed.subarray(3);
  // An address of 0.0.0.x says that a name follows: version 4A.
  const isNamed = address.readUInt32BE() > 0 && address.readUInt32BE() < 256;
  const host = isNamed ? await takeText(stream) : address.join('.');
  if (fixed[0] !== connectCommand || host === undefined || host === '') {
    reply(91);
    return undefined;
  }
  return {
    target: { host, port: fixed.readUInt16BE(1) },
    answer: (outcome) => reply(outcome === 'connected' ? 90 : 91),
  };
}

/** One byte tells how many follow. */
async function takeCounted(stream: Duplex): Promise<Buffer | undefined> {
  const [length] = (await take(stream, 1)) ?? [];
  return length === undefined ? undefined : take(stream, length);
}

const longestText = 255;

/** Up to a zero. */
async function takeText(stream: Duplex): Promise<string | undefined> {
  let text = '';
  while (text.length <= longestText) {
    const byte = await take(stream, 1);
    if (byte === undefined) return undefined;
    if (byte[0] === 0) return text;
    text += byte.toString('latin1');
  }
  return undefined;
}

/** Just so many bytes; nothing when the stream ends before. */
async function take(stream: Duplex, length: number): Promise<Buffer | undefined> {
  const taken: Buffer[] = [];
  for (let missing = length; missing > 0; ) {
    // Never more than is there: who waits for the rest with some of it left is woken at once, again and again.
    const bytes: unknown = stream.read(Math.min(missing, stream.readableLength || 1));
    if (Buffer.isBuffer(bytes)) {
      taken.push(bytes);
      missing -= bytes.length;
    } else if (stream.readableEnded || stream.destroyed) return undefined;
    else await changed(stream);
  }
  return Buffer.concat(taken);
}

async function changed(stream: Duplex): Promise<void> {
  const over = new AbortController();
  const events = ['readable', 'end', 'close', 'error'];
  try {
    await Promise.race(events.map((event) => once(stream, event, { signal: over.signal })));
  } catch {
    // A stream that broke is destroyed, which is looked at next.
  } finally {
    over.abort();
  }
}
