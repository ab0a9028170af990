/** `bai app ssh` with the client inside this process: no local port, the key only in memory, no byte lost. */

import type { Writable } from 'node:stream';
import type { SessionRef } from '../../core/session/session.ts';
import { explainTooLong, refuseTooLong } from '../../core/ssh/command-limit.ts';
import type { SshWork } from '../../core/ssh/ssh-arguments.ts';
import { connectionFailed } from '../../core/ssh/ssh-client.ts';
import { BaiError } from '../../errors.ts';
import { findEnd } from '../session/session-end.ts';
import { connect, findWay, type LoginRequest, type WayDeps } from './ssh-way.ts';

export interface BuiltinDeps extends WayDeps {
  openSsh(request: LoginRequest): Promise<BuiltinConnection>;
  /** Where this machine's SSH agent listens. */
  agent(): Promise<string | undefined>;
}

export interface BuiltinConnection extends AsyncDisposable {
  /** The server as its greeting names it. */
  readonly software: string | undefined;
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
  'command-too-long',
  'connection-lost',
  'forward-refused',
  'host-key-changed',
  'host-key-revoked',
  'key-refused',
  'node-unreachable',
  'no-answer',
  'no-exec',
  'port-taken',
  'sshd-not-greeting',
  'tunnel-lost',
]);

/** As ssh: the exit status of the remote command, 255 when the connection failed. */
export async function connectBuiltin(session: SessionRef, work: SshWork, deps: BuiltinDeps): Promise<number> {
  try {
    await using connection = await openBuiltin(session, work, deps);
    return await runCommand(connection, work, session);
  } catch (error) {
    const end = isLoss(error) ? await findEnd(session, deps) : undefined;
    if (end === undefined) return failedWith(error, deps);
    if (work.localForwards.length + work.remoteForwards.length > 0) throw end;
    deps.reporter.failure(end);
    return connectionFailed;
  }
}

function isLoss(error: unknown): boolean {
  return error instanceof BaiError && (error.code === 'connection-lost' || error.code === 'tunnel-lost');
}

/** Tells of it and returns the status of a connection that failed; throws what has a status of its own. */
export function failedWith(error: unknown, { reporter }: BuiltinDeps): number {
  if (!(error instanceof BaiError) || !failuresOfConnection.has(error.code)) throw error;
  reporter.failure(error);
  return connectionFailed;
}

async function runCommand(
  connection: BuiltinConnection,
  work: SshWork,
  { name }: SessionRef,
): Promise<number> {
  const sent = { session: name, command: work.command, software: connection.software };
  refuseTooLong(sent);
  try {
    return await connection.run(work);
  } catch (error) {
    const isLost = error instanceof BaiError && error.code === 'connection-lost';
    throw (isLost && explainTooLong(sent)) || error;
  }
}

export async function openBuiltin(
  session: SessionRef,
  work: SshWork,
  deps: BuiltinDeps,
): Promise<BuiltinConnection> {
  const agent = work.forwardsAgent ? await agentOf(deps) : undefined;
  // It may ask for a passphrase.
  const way = await findWay(session, deps);
  const busy = deps.reporter.busy(`connecting to session ${session.name}`);
  try {
    return await connect(way, (request) => deps.openSsh({ ...request, agent }), deps);
  } finally {
    busy.stop();
  }
}

async function agentOf(deps: BuiltinDeps): Promise<string | undefined> {
  const agent = await deps.agent();
  if (agent === undefined)
    deps.reporter.warn(
      'there is no SSH agent to forward',
      'start one: `eval "$(ssh-agent)"`, then `ssh-add`',
    );
  return agent;
}
