/** A command that goes along with the login of the connection that is made for it. */

import { placeName, type SessionRef } from '../core/session/session.ts';
import { usualBytes } from '../core/ssh/command-limit.ts';
import type { SshWork } from '../core/ssh/ssh-arguments.ts';
import { wantsTerminal } from '../core/ssh/ssh-client.ts';
import { type BuiltinOptions, notStartedInTime, runBuiltin } from './builtin-client.ts';
import type { WithLogin } from './connection.ts';

interface AlongRequest {
  readonly work: SshWork;
  readonly options: BuiltinOptions;
  /** For messages. */
  readonly place: Pick<SessionRef, 'name' | 'node'>;
}

/** Nothing where the work needs more than its command. `begun` hears how it ends, which is its only run. */
export function runWithLogin(
  { work, options, place }: AlongRequest,
  begun: (ended: Promise<number>) => void,
): WithLogin | undefined {
  if (!isBareCommand(work, options.stdin.isTTY === true)) return undefined;
  return {
    begin: (connection) => begun(runBuiltin(connection, work, options)),
    late: (seconds) => notStartedInTime(placeName(place), 'command', seconds),
  };
}

/** A terminal, an agent and forwards take answers of their own; and over a long command a server may hang up without a word. */
function isBareCommand(work: SshWork, isTerminal: boolean): boolean {
  const { command, forwardsAgent, runsNothing, localForwards, remoteForwards } = work;
  if (command === undefined || forwardsAgent || runsNothing || wantsTerminal(work, isTerminal)) return false;
  return localForwards.length + remoteForwards.length === 0 && Buffer.byteLength(command) <= usualBytes;
}
