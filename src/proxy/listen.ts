/** Binds the local port. get-port proposes it and binding judges: what was free a moment ago may be busy now. */

import type { Server } from 'node:net';
import { portCandidates, stableCandidates } from '../core/ssh/port-range.ts';
import { ConflictError, LocalSystemError, systemCode } from '../errors.ts';

export interface ListenRequest {
  /** A loopback address: the only one that is ever listened on, be it for a moment. */
  readonly host: string;
  readonly preferredPort: number | undefined;
  /** Fail when the preferred port is taken. */
  readonly strict: boolean;
  /** For what the port is to be the same each time, where no preferred one can be had; else it is a random one. */
  readonly place?: string | undefined;
}

/**
 * The bound port. With no preference, or when it cannot be had, that of the place, or a random one, in 10000–65000.
 * Throws ConflictError (`port-taken`) or LocalSystemError (`port-refused`) for a strict port, and LocalSystemError
 * (`no-free-port`) when none of those that are tried is free.
 */
export async function listen(
  server: Server,
  { host, preferredPort, strict, place }: ListenRequest,
): Promise<number> {
  if (strict && preferredPort !== undefined) {
    await bindStrictly(server, preferredPort, host);
    return preferredPort;
  }
  const candidates = new Set(
    place === undefined ? portCandidates(preferredPort, Math.random) : stableCandidates(preferredPort, place),
  );
  for (;;) {
    const port = await propose(candidates, host);
    // When all are taken, get-port chooses anywhere.
    if (!candidates.delete(port)) throw noFreePort();
    if ((await bind(server, port, host)) === undefined) return port;
  }
}

/** The first candidate that is free now. */
async function propose(candidates: Iterable<number>, host: string): Promise<number> {
  const { clearLockedPorts, default: getPort } = await import('get-port');
  // It keeps back for a while what it has proposed, also when nobody listens there any more.
  clearLockedPorts();
  // Without a host it would listen on every interface to find out.
  return getPort({ host, port: candidates });
}

async function bindStrictly(server: Server, port: number, host: string): Promise<void> {
  const problem = await bind(server, port, host);
  if (problem === undefined) return;
  if (systemCode(problem) === 'EADDRINUSE') throw taken(port);
  throw new LocalSystemError(`this system does not allow you to listen on port ${port}`, {
    code: 'port-refused',
    hint: 'choose a port between 10000 and 65000',
    cause: problem,
  });
}

/** Nothing once the server listens; else why this port cannot be had (some systems keep ranges of ports to themselves). */
async function bind(server: Server, port: number, host: string): Promise<Error | undefined> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host, exclusive: true }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    return undefined;
  } catch (error) {
    if (systemCode(error) === 'EADDRINUSE' || systemCode(error) === 'EACCES') return error as Error;
    throw error;
  }
}

function taken(port: number): ConflictError {
  return new ConflictError(`port ${port} on this machine is taken`, {
    code: 'port-taken',
    hint: 'choose another --port, or omit --strict-port for any that is free',
  });
}

function noFreePort(): LocalSystemError {
  return new LocalSystemError('none of the ports between 10000 and 65000 that were tried was free', {
    code: 'no-free-port',
    hint: 'close other forwarders, or choose a port with --port',
  });
}
