/** `bai app ssh` with the client inside this process: no local port, the key only in memory, no byte lost. */

import type { SessionRef } from '../../core/session/session.ts';
import { explainTooLong, refuseTooLong } from '../../core/ssh/command-limit.ts';
import type { SshWork } from '../../core/ssh/ssh-arguments.ts';
import { connectionFailed } from '../../core/ssh/ssh-client.ts';
import { agentAdd, agentStart } from '../../core/text/typed.ts';
import { BaiError } from '../../errors.ts';
import { lookForEnd } from '../session/look-for-end.ts';
import { findEnd } from '../session/session-end.ts';
import { logIn, loginKeyFor, openAccess } from './open-access.ts';
import type { BuiltinConnection, FirstRun } from './ssh-programs.ts';
import type { SshTools } from './ssh-tools.ts';

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
export async function connectBuiltin(session: SessionRef, work: SshWork, tools: SshTools): Promise<number> {
  using ends = lookForEnd(session, tools);
  try {
    await using connection = await openBuiltin(session, { work, starting: () => ends.tell() }, tools);
    ends.tell();
    return await runCommand(connection, work, session);
  } catch (error) {
    const end = isLoss(error) ? await findEnd(session, tools) : undefined;
    if (end === undefined) return failedWith(error, tools);
    if (work.localForwards.length + work.remoteForwards.length > 0) throw end;
    tools.reporter.failure(end);
    return connectionFailed;
  }
}

function isLoss(error: unknown): boolean {
  return error instanceof BaiError && (error.code === 'connection-lost' || error.code === 'tunnel-lost');
}

/** Tells of it and returns the status of a connection that failed; throws what has a status of its own. */
export function failedWith(error: unknown, { reporter }: SshTools): number {
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
  first: FirstRun,
  tools: SshTools,
): Promise<BuiltinConnection> {
  const agent = first.work.forwardsAgent ? await agentOf(tools) : undefined;
  // It may ask for a passphrase.
  const key = await loginKeyFor(session, tools);
  const busy = tools.reporter.busy(`connecting to session ${session.name}`);
  try {
    const access = await openAccess(session, tools);
    const make: typeof tools.client.open = (request) => tools.client.open({ ...request, agent, first });
    return await logIn({ access, key, make }, tools);
  } finally {
    busy.stop();
  }
}

async function agentOf(tools: SshTools): Promise<string | undefined> {
  const agent = await tools.client.agent();
  if (agent === undefined)
    tools.reporter.warn('there is no SSH agent to forward', `${agentStart()}, then \`${agentAdd()}\``);
  return agent;
}
