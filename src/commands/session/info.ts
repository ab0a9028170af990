/** `bai session info SESSION` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { factLines } from './fact-lines.ts';
import { type OwnerFlags, ownerOption, useOwner } from './owner.ts';

export function define(command: Command, context: Context): void {
  command
    .argument('<session>', 'name or id; ended sessions too')
    .addOption(ownerOption())
    .action(async (session: string, flags: OwnerFlags) => {
      useOwner(context, flags);
      const { sessionInfo } = await import('../../services/session/manage-sessions.ts');
      const tools = await context.tools('sessions');
      const details = await sessionInfo(session, tools);
      context.reporter.result(details, factLines(tools.provider.listing.facts(details)));
    });
}
