/** How the process of a forward is asked: one line of JSON each way, over a socket that only its user reaches. */

import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import type { ControlAnswer, ControlRequest } from '../../core/forward/background.ts';
import { parseJson } from '../../core/text/json.ts';
import { within } from '../../core/time-limit.ts';
import { systemCode } from '../../errors.ts';
import { readControlAnswer } from './schemas.ts';

const mostRequestBytes = 4_096;
const mostAnswerBytes = 1024 * 1024;
const mostAtOnce = 32;
const patienceMs = 5_000;

/** Disposal ends it. */
export async function serveControl(
  address: string,
  answer: (request: ControlRequest) => ControlAnswer,
): Promise<AsyncDisposable> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.setTimeout(patienceMs, () => socket.destroy());
    void readLine(socket, mostRequestBytes).then((line) => {
      const request = line === undefined ? undefined : requestIn(line);
      if (request === undefined) socket.destroy();
      else socket.end(`${JSON.stringify(answer(request))}\n`);
    });
  });
  server.maxConnections = mostAtOnce;
  server.listen(address);
  await once(server, 'listening');
  // Its folder is for its owner alone, so nobody was faster.
  if (process.platform !== 'win32') await chmod(address, 0o600);
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

function requestIn(line: string): ControlRequest | undefined {
  const value = parseJson(line);
  return value === 'status' || value === 'stop' ? value : undefined;
}

/** Nothing when nobody is there; `silent` when somebody is who does not answer as a forward does. */
export async function askControl(
  address: string,
  request: ControlRequest,
  { signal, ms }: { readonly signal: AbortSignal; readonly ms: number },
): Promise<ControlAnswer | 'silent' | undefined> {
  if (address === '') return undefined;
  const socket = connect(address);
  socket.on('error', () => {});
  try {
    const ask = async (): Promise<ControlAnswer | 'silent'> => {
      await once(socket, 'connect');
      socket.write(`${JSON.stringify(request)}\n`);
      const line = await readLine(socket, mostAnswerBytes);
      return (line === undefined ? undefined : readControlAnswer(line)) ?? 'silent';
    };
    return await within(ask, { signal, ms, late: () => new Silent() });
  } catch (error) {
    if (error instanceof Silent) return 'silent';
    if (systemCode(error) === undefined) throw error;
    return undefined;
  } finally {
    socket.destroy();
  }
}

class Silent extends Error {}

/** Nothing when it ends before, or is longer. */
function readLine(socket: Socket, mostBytes: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const end = bytes.indexOf('\n');
      if (end >= 0) resolve(bytes.toString('utf8', 0, end));
      else if (bytes.length > mostBytes) resolve(undefined);
    });
    for (const event of ['end', 'close']) socket.once(event, () => resolve(undefined));
  });
}
