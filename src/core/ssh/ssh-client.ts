/** Which SSH client goes into a session: the system's OpenSSH, or the one inside this process. */

import { UsageError } from '../../errors.ts';
import type { ParsedSsh, SshWork } from './ssh-arguments.ts';

/** The connection's own failure, as ssh has it; also what a remote command may end with. */
export const connectionFailed = 255;

export const sshClients = ['auto', 'system', 'builtin'] as const;
export type ClientPreference = (typeof sshClients)[number];

export interface ClientChoice {
  readonly wish: ClientPreference;
  readonly parsed: ParsedSsh;
  /** Whether stdin is a terminal. */
  readonly isTerminal: boolean;
  /** The user wants a local port, which only another program needs. */
  readonly needsPort: boolean;
  /** Whether there is a system's ssh. */
  readonly hasSystem: () => Promise<boolean>;
}

/**
 * The work for the builtin client, or nothing for the system's. Sessions' dropbear sends on when a client's window is
 * shut: OpenSSH then loses bytes of what a command prints or a forward carries, and the builtin client does not. A shell on a
 * terminal is better with OpenSSH, which has the user's own configuration.
 */
export async function builtinWork(choice: ClientChoice): Promise<SshWork | undefined> {
  const { wish, parsed, needsPort, hasSystem } = choice;
  if (wish === 'system') return undefined;
  if ('unsupported' in parsed) {
    if (wish === 'auto' && (await hasSystem())) return undefined;
    throw new UsageError(`the builtin ssh client has no ${parsed.unsupported}`, {
      hint: wish === 'auto' ? 'install the OpenSSH client' : 'leave out --client, or use --client system',
    });
  }
  if (wish === 'builtin') {
    if (!needsPort) return parsed.work;
    throw new UsageError('the builtin ssh client does not open a local port', {
      hint: 'leave out --port and --strict-port, or use --client system',
    });
  }
  const { work } = parsed;
  const isForSystem = needsPort || wantsTerminal(work, choice.isTerminal);
  return isForSystem && (await hasSystem()) ? undefined : work;
}

/** Whether the program over there gets a terminal. */
export function wantsTerminal(work: SshWork, isTerminal: boolean): boolean {
  switch (work.terminal) {
    case 'no':
      return false;
    case 'force':
      return true;
    case 'yes':
      return isTerminal;
    case 'auto':
      return isTerminal && work.command === undefined && !work.runsNothing;
  }
}
