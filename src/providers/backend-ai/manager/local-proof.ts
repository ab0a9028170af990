/**
 * The manager of `bai local up` proves who it is on each connection, before anything is sent: it was perhaps killed, and its port
 * is then anybody's on this machine. Who knows the secret key answers a challenge; the key itself is never sent.
 */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod/mini';
import { proofPath } from '../../../core/local-proof.ts';
import { parseJson } from '../../../core/text/json.ts';
import { UnreachableError } from '../../../errors.ts';

export interface LocalProof {
  readonly pid: number;
  readonly proof: string;
}

interface ProofFacts {
  /** Hexadecimal, made for one connection. */
  readonly challenge: string;
  readonly pid: number;
  readonly port: number;
}

/** With a key of its own: what anybody may have signed must be of no use for requests. */
export function proofOf(secretKey: string, { challenge, pid, port }: ProofFacts): string {
  const key = createHmac('sha256', secretKey).update('who bai local up has started').digest();
  return createHmac('sha256', key).update(`${challenge}\n${pid}\n${port}`).digest('hex');
}

interface ProvenConnection {
  /** The answer to the challenge has been read from it, and nothing else. */
  readonly socket: Socket;
  readonly pid: number;
}

interface LocalTarget {
  readonly host: string;
  readonly port: number;
  readonly secretKey: string;
}

const limitMs = 5_000;

/** Rejects with an UnreachableError when nothing listens there, or what does is another program. */
export async function connectProven(target: LocalTarget, signal: AbortSignal): Promise<ProvenConnection> {
  const { host, port, secretKey } = target;
  const challenge = randomBytes(32).toString('hex');
  const socket = connect({ host, port, noDelay: true });
  const limit = new AbortController();
  const over = AbortSignal.any([signal, limit.signal]);
  try {
    const answer = await Promise.race([
      ask(socket, challenge, `${host}:${port}`, over),
      delay(limitMs, undefined, { signal: over }),
    ]);
    const pid = answer?.pid;
    if (pid === undefined || !isEqual(answer?.proof, proofOf(secretKey, { challenge, pid, port })))
      throw notProven(`${host}:${port}`);
    return { socket, pid };
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    throw error instanceof UnreachableError ? error : notThere(`${host}:${port}`, error);
  } finally {
    limit.abort();
  }
}

const answerSchema = z.object({ pid: z.number(), proof: z.string() });
const mostBytes = 4_096;

/** Nothing when it is not the answer of a local manager. */
async function ask(
  socket: Socket,
  challenge: string,
  host: string,
  signal: AbortSignal,
): Promise<LocalProof | undefined> {
  await once(socket, 'connect', { signal });
  socket.write(`GET ${proofPath}?challenge=${challenge} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  let text = '';
  while (text.length < mostBytes) {
    const body = bodyOf(text);
    if (body !== undefined) {
      const parsed = answerSchema.safeParse(parseJson(body));
      return parsed.success ? parsed.data : undefined;
    }
    // Not as an iterator, which would end the socket with it.
    await once(socket, 'readable', { signal });
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return undefined;
    text += chunk.toString('latin1');
  }
  return undefined;
}

/** Once it is whole. The emulator's has a length; one that has none is another program's, and as good as empty. */
function bodyOf(text: string): string | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const length = /^content-length: (\d+)$/im.exec(text.slice(0, end))?.[1];
  if (length === undefined) return '';
  const body = text.slice(end + 4);
  return body.length >= Number(length) ? body : undefined;
}

function isEqual(given: string | undefined, expected: string): boolean {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function notProven(where: string): UnreachableError {
  return new UnreachableError(`what listens at ${where} is not the local manager that was started here`, {
    code: 'not-the-local-manager',
    hint: 'nothing was sent to it. The local manager has ended: `bai local up` starts a new one',
  });
}

function notThere(where: string, cause: unknown): UnreachableError {
  return new UnreachableError(`the local manager has ended: nothing listens at ${where}`, {
    cause,
    hint: '`bai local up` starts a new one; its sessions have ended too',
  });
}
