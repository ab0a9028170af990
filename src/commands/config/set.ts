/** `bai config set NAME [VALUE]` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export function define(command: Command, context: Context): void {
  command
    .argument('<name>', 'a setting, as `bai config list` names it')
    .argument('[value]', 'its value; a secret is typed or piped instead')
    .action(async (name: string, value: string | undefined) => {
      const { setSetting, settingName } = await import('../../services/configure.ts');
      const tools = await context.tools('configuration');
      const { profile, path } = tools;
      const { secret, warning } = await setSetting({ name: settingName(name), value }, tools);
      context.reporter.info(`${name} is stored in profile "${profile}" (${secret?.place ?? path})`);
      if (secret?.because !== undefined)
        context.reporter.info(`not in the system's keyring: ${secret.because}`);
      if (warning !== undefined) context.reporter.warn(warning);
      const account = name === 'token' ? await tryToken(profile, context) : undefined;
      context.reporter.result(
        {
          ...{ name, profile, path },
          ...(secret !== undefined && { secretIn: secret.secretsIn }),
          ...(account !== undefined && { account }),
        },
        '',
      );
    });
}

/** Whose it is. Nothing where another token than that of the profile would be tried, or no address is known yet. */
async function tryToken(profile: string, context: Context): Promise<string | undefined> {
  const { endpoint, token } = await context.settings();
  if (endpoint.value === undefined || token.origin !== `profile "${profile}"`) return undefined;
  const { checkToken } = await import('../../services/check-token.ts');
  const account = await checkToken(await context.provider(), context);
  if (account !== undefined) context.reporter.info(`signed in to ${endpoint.value} as ${account}`);
  return account;
}
