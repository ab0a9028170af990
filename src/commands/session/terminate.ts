/** `bai session terminate SESSION…` */

import { type Command, Option } from 'commander';
import type { Context } from '../../context.ts';
import { type OwnerFlags, ownerOption, useOwner } from './owner.ts';

interface Flags extends OwnerFlags {
  readonly force?: boolean;
  /** The Python client's name of the same. */
  readonly forced?: boolean;
  readonly recursive?: boolean;
  readonly yes?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .argument('<sessions...>', 'names or ids')
    .option('-f, --force', 'even when the session is stuck in a state that cannot be ended')
    .addOption(new Option('--forced').hideHelp())
    .option('-r, --recursive', 'also the sessions that depend on it')
    .option('-y, --yes', 'do not ask; without a terminal there is no question')
    .addOption(ownerOption())
    .action(async (sessions: string[], flags: Flags) => {
      useOwner(context, flags);
      const { terminateSessions } = await import('../../services/session/terminate-sessions.ts');
      const request = {
        ...{ sessions, yes: flags.yes === true },
        ...{ forced: flags.force === true || flags.forced === true, recursive: flags.recursive === true },
      };
      const { sessions: ended, status } = await terminateSessions(request, await context.tools('sessions'));
      context.exitCode = status;
      if (ended.length > 0) {
        const human = ended.filter(({ hadEnded }) => !hadEnded).map(({ id, name }) => `${name} ${id}`);
        context.reporter.result(ended, human);
      }
    });
}
