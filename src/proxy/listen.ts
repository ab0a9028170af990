/** Binds the local port. Binding is the test: a port that was free a moment ago may be busy now. */

import type { Server } from 'node:net';
import { portCandidates } from '../core/port-range.ts';
import { ConflictError, LocalSystemError, systemCode } from '../errors.ts';

export interface ListenRequest {
  readonly host: string;
  readonly preferredPort: number | undefined;
  /** Fail when the preferred port is taken. */
  readonly strict: boolean;
}

/** The bound port. With no preference, or when it is taken, a random one in 10000–65000. */
export async function listen(server: Server, request: ListenRequest): Promise<number> {
  for (const port of portCandidates(request.preferredPort, Math.random)) {
    if (await tryPort(server, port, request)) return port;
    if (request.strict && port === request.preferredPort) throw taken(port);
  }
  throw new LocalSystemError('none of 20 random ports between 10000 and 65000 was free', {
    code: 'no-free-port',
    hint: 'close other forwarders, or choose a port with --port',
  });
}

async function tryPort(
  server: Server,
  port: number,
  { host, preferredPort }: ListenRequest,
): Promise<boolean> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host, exclusive: true }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    return true;
  } catch (error) {
    if (systemCode(error) === 'EADDRINUSE') return false;
    // Some systems keep ranges of ports to themselves: no reason to give up a random choice.
    if (systemCode(error) === 'EACCES' && port !== preferredPort) return false;
    if (systemCode(error) === 'EACCES') {
      throw new LocalSystemError(`this system does not allow you to listen on port ${port}`, {
        code: 'port-refused',
        hint: 'choose a port between 10000 and 65000',
        cause: error,
      });
    }
    throw error;
  }
}

function taken(port: number): ConflictError {
  return new ConflictError(`port ${port} on this machine is taken`, {
    code: 'port-taken',
    hint: 'choose another --port, or leave --strict-port away for a random one',
  });
}
