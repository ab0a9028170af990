/** `bai host-key forget SESSION` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export function define(command: Command, context: Context): void {
  command.argument('<session>', 'name or id').action(async (session: string) => {
    const { forgetHostKey } = await import('../../services/ssh/host-keys.ts');
    await forgetHostKey(session, await context.tools('hostKeys'));
    context.reporter.info(`the host key of ${session} is forgotten; the next connection learns it again`);
    context.reporter.result({ session, forgotten: true }, '');
  });
}
