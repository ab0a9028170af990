/** `bai session terminate SESSION…` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

interface Flags {
  readonly forced?: boolean;
  readonly recursive?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .argument('<sessions...>', 'names or ids')
    .option('-f, --forced', 'also when the session hangs in a state that cannot be ended')
    .option('-r, --recursive', 'also the sessions that depend on it')
    .action(async (sessions: string[], flags: Flags) => {
      const { terminateSessions } = await import('../../services/manage-sessions.ts');
      const request = { sessions, forced: flags.forced === true, recursive: flags.recursive === true };
      const ended = await terminateSessions(request, await context.sessions());
      context.reporter.result(
        ended.map(({ id, name }) => ({ id, name })),
        ended.map(({ id, name }) => `${name} ${id}`),
      );
    });
}
