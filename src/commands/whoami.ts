/** `bai whoami` */

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { shownTime } from '../core/text/shown-time.ts';

export function define(command: Command, context: Context): void {
  command.action(async () => {
    const { whoAmI } = await import('../services/sign-in/who-am-i.ts');
    const { text, ...who } = await whoAmI(await context.tools('signIn'));
    const { endpoint, origin, endsAt } = who;
    const until = endsAt === undefined ? '' : `, until ${shownTime(endsAt)}`;
    context.reporter.result(who, text);
    context.reporter.info(`at ${endpoint}${until} (${origin})`);
  });
}
