/** A plain client of a web console, emulated or genuine, for the tests of what it answers: fetch and ws, nothing of bai. */

import { WebSocket } from 'ws';

export interface ConsoleReply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON, of whatever shape the test expects; undefined when it is none. */
  readonly json: unknown;
  /** The id that came with it. */
  readonly id: string | undefined;
}

interface Call {
  /** As the header names it. */
  readonly id?: string | undefined;
  readonly cookie?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type ConsoleClient = ReturnType<typeof consoleClient>;

export function consoleClient(endpoint: string) {
  const call = async (method: string, path: string, given: Call = {}): Promise<ConsoleReply> => {
    const { body } = given;
    const reply = await fetch(endpoint + path, {
      method,
      headers: { ...namesLogin(given), ...given.headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await reply.text();
    return {
      status: reply.status,
      headers: reply.headers,
      text,
      json: jsonOf(text),
      id: reply.headers.get('x-backendai-sessionid') ?? undefined,
    };
  };
  return {
    call,
    logIn: (fields: unknown, given: Call = {}) => call('POST', '/server/login', { ...given, body: fields }),
    /** The answer to a call of the manager: 404 where the login opens it. */
    knock: async (given: Call) => (await call('GET', '/func/session/nosuch', given)).status,
    /** Not yet open: wait for its events. */
    tunnel(path: string, given: Call = {}, perMessageDeflate = false): WebSocket {
      const url = `${endpoint.replace(/^http/, 'ws')}/func/stream/session/${path}`;
      const socket = new WebSocket(url, { perMessageDeflate, headers: namesLogin(given) });
      socket.on('error', () => undefined);
      return socket;
    },
  };
}

function namesLogin({ id, cookie }: Call): Record<string, string> {
  return {
    ...(id !== undefined && { 'X-BackendAI-SessionID': id }),
    ...(cookie !== undefined && { Cookie: `AIOHTTP_SESSION=${cookie}` }),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The first frame, and whether it was binary. */
export function firstFrame(
  socket: WebSocket,
): Promise<{ readonly text: string; readonly isBinary: boolean } | { readonly status: number }> {
  return new Promise((resolve) => {
    socket.once('message', (data, isBinary) => resolve({ text: (data as Buffer).toString(), isBinary }));
    socket.once('unexpected-response', (_request, response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0 });
    });
  });
}
