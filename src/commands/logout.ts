/** `bai logout` */

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { EndedLogin } from '../services/sign-in/end-login.ts';

export function define(command: Command, context: Context): void {
  command.action(async () => {
    const { logOut } = await import('../services/sign-in/logout.ts');
    const result = await logOut(await context.tools('signIn'));
    await tellForwards(result, context);
    context.reporter.result(result, '');
    const { profile, endpoint, loginEnded, removed } = result;
    if (!result.wasSignedIn) return context.reporter.info(`profile "${profile}" is not signed in`);
    const ended = loginEnded ? `signed out of ${endpoint}` : 'signed out on this machine';
    const kept = removed.length === 0 ? '' : `; ${removed.join(', ')} removed from profile "${profile}"`;
    context.reporter.info(`${ended}${kept}`);
    if (removed.includes('secretKey') || removed.includes('token'))
      context.reporter.info('the key or token itself still counts: it is deleted where it was made');
  });
}

/** `bai forward list` says of those that went by the login what has ended them. */
async function tellForwards({ ended }: EndedLogin, context: Context): Promise<void> {
  if (ended.length === 0) return;
  const { noteLogout } = await import('../services/forward/note-logout.ts');
  await noteLogout(
    ended.map(({ pid }) => pid),
    await context.tools('forwards'),
  );
}
