/** Listens on a port of this machine where ssh would: on each address that a bind address of -L and -D stands for. */

import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { ConflictError, systemCode } from '../errors.ts';

interface ListenRequest {
  /** As written; nothing where none was. */
  readonly bind: string | undefined;
  readonly port: number;
  /** -g: where no address was written, others may connect too. */
  readonly isOpen: boolean;
}

interface ListenCallbacks {
  readonly onConnection: (socket: Socket) => void;
  /** Tells the user something; a line. */
  readonly say: (message: string) => void;
}

const loopback = ['127.0.0.1', '::1'] as const;
const everywhere = ['0.0.0.0', '::'] as const;

/** The first address has to do; that a machine has no IPv6 is no failure, and that the port is taken there is told. */
export async function listenHere(request: ListenRequest, callbacks: ListenCallbacks): Promise<Server[]> {
  const { port } = request;
  const [first, ...others] = await addressesOf(request);
  const servers = [await listen(first, port, callbacks)];
  for (const address of others) {
    try {
      servers.push(await listen(address, port, callbacks));
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      if (!isNotThere(error.cause)) callbacks.say(`warning: ${error.message}`);
    }
  }
  return servers;
}

async function addressesOf({ bind, port, isOpen }: ListenRequest): Promise<readonly [string, ...string[]]> {
  if (bind === undefined) return isOpen ? everywhere : loopback;
  if (bind === '' || bind === '*') return everywhere;
  if (bind === 'localhost') return loopback;
  try {
    const found = await lookup(bind, { all: true, verbatim: false });
    const [first, ...others] = found.map(({ address }) => address);
    if (first !== undefined) return [first, ...others];
  } catch (error) {
    throw notListening(bind, port, error);
  }
  throw notListening(bind, port, new Error('it has no address'));
}

async function listen(host: string, port: number, { onConnection }: ListenCallbacks): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, onConnection);
  // Each address has a server of its own, and one of them may not take the port of another.
  server.listen({ host, port, exclusive: true, ipv6Only: true });
  try {
    await once(server, 'listening');
    return server;
  } catch (error) {
    throw notListening(host, port, error);
  }
}

function isNotThere(cause: unknown): boolean {
  return ['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EPROTONOSUPPORT'].includes(systemCode(cause) ?? '');
}

function notListening(host: string, port: number, cause: unknown): ConflictError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const reason = systemCode(cause) === 'EADDRINUSE' ? 'it is taken' : why;
  const place = host === '127.0.0.1' ? 'this machine' : host;
  return new ConflictError(`port ${port} of ${place} cannot be listened on: ${reason}`, {
    code: 'port-taken',
    hint: 'choose another port with -L or -D',
    cause,
  });
}
