/** `bai profile remove NAME` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

interface Flags {
  readonly use?: string;
  readonly yes?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .argument('<name>', 'a profile')
    .option('--use <name>', 'the profile that is current then, when this is the current one')
    .option('-y, --yes', 'do not ask')
    .action(async (name: string, flags: Flags) => {
      const { removeProfile } = await import('../../services/profiles/profiles.ts');
      const request = { name, next: flags.use, isConfirmed: flags.yes === true };
      const { endStoredLogin } = await import('../../services/sign-in/end-login.ts');
      const { current, login } = await removeProfile(request, {
        ...(await context.tools('profiles')),
        endLogin: async (profile) => endStoredLogin(profile, await context.tools('signIn')),
      });
      const signedOut = login?.loginEnded ? 'its login has ended, and ' : '';
      context.reporter.info(`${signedOut}profile "${name}" is removed; "${current}" is current`);
      context.reporter.result({ removed: name, current, ...login }, '');
    });
}
