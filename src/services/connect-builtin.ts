/** `bai app ssh` with the client inside this process: no local port, the key only in memory, no byte lost. */

import type { Writable } from 'node:stream';
import type { SessionRef } from '../core/session.ts';
import type { SshWork } from '../core/ssh-arguments.ts';
import { connectionFailed } from '../core/ssh-client.ts';
import { BaiError } from '../errors.ts';
import { connect, findWay, type LoginRequest, type WayDeps } from './ssh-way.ts';

export interface BuiltinDeps extends WayDeps {
  openSsh(request: LoginRequest): Promise<BuiltinConnection>;
}

export interface BuiltinConnection extends AsyncDisposable {
  /** The exit status; rejects when the connection is lost. */
  run(work: SshWork, output?: ProgramOutput): Promise<number>;
}

/** In place of this process's own streams. */
export interface ProgramOutput {
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** What system ssh would end with 255 for; what keeps it from being started has a status of its own. */
const failuresOfConnection: ReadonlySet<string> = new Set([
  'app-not-listening',
  'connection-lost',
  'forward-refused',
  'host-key-changed',
  'host-key-revoked',
  'key-refused',
  'node-unreachable',
  'no-exec',
  'port-taken',
  'tunnel-lost',
]);

/** As ssh: the exit status of the remote command, 255 when the connection failed. */
export async function connectBuiltin(session: SessionRef, work: SshWork, deps: BuiltinDeps): Promise<number> {
  try {
    await using connection = await open(session, deps);
    return await connection.run(work);
  } catch (error) {
    if (!(error instanceof BaiError) || !failuresOfConnection.has(error.code)) throw error;
    deps.reporter.failure(error);
    return connectionFailed;
  }
}

async function open(session: SessionRef, deps: BuiltinDeps): Promise<BuiltinConnection> {
  const busy = deps.reporter.busy(`connecting to ${session.name}`);
  try {
    const way = await findWay(session, deps);
    return await connect(way, (request) => deps.openSsh(request), deps);
  } finally {
    busy.stop();
  }
}
