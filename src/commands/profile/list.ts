/** `bai profile list` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';

export function define(command: Command, context: Context): void {
  command.action(async () => {
    const { listProfiles } = await import('../../services/profiles/profiles.ts');
    const tools = await context.tools('profiles');
    const profiles = await listProfiles(tools);
    context.reporter.result(profiles, {
      columns: [
        { title: 'PROFILE', whole: true },
        { title: 'CURRENT', whole: true },
        { title: 'PROVIDER', whole: true },
        { title: 'ENDPOINT', least: 20 },
        { title: 'ACCOUNT', least: 10, gives: 'last' },
        { title: 'SECRETS', whole: true, gives: 'first' },
      ],
      rows: profiles.map(({ name, current, provider, endpoint, account, secretsIn }) => [
        name,
        current ? '*' : '',
        provider,
        endpoint,
        account,
        secretsIn.length === 0 ? undefined : secretsIn.join(', '),
      ]),
    });
    if (!profiles.some(({ current }) => current))
      context.reporter.info(`profile "${tools.profile}" is current, and nothing is stored in it`);
    else if (tools.chosenBy === 'BAI_PROFILE') context.reporter.info('BAI_PROFILE says which is current');
  });
}
