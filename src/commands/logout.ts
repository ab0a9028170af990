/** `bai logout` */

import type { Command } from 'commander';
import type { Context } from '../context.ts';

export function define(command: Command, context: Context): void {
  command.action(async () => {
    const { logOut } = await import('../services/sign-in/logout.ts');
    const result = await logOut(await context.tools('signIn'));
    const { profile, endpoint, loginEnded, removed } = result;
    const ended = loginEnded ? `signed out of ${endpoint}` : 'signed out on this machine';
    const kept = removed.length === 0 ? '' : `; ${removed.join(', ')} removed from profile "${profile}"`;
    context.reporter.info(`${ended}${kept}`);
    if (removed.includes('secretKey') || removed.includes('token'))
      context.reporter.info('the key or token itself still counts: it is deleted where it was made');
    context.reporter.result(result, '');
  });
}
