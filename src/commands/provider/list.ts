/** `bai provider list`: the platforms, which one is chosen, and what each can do. */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import type { Feature, ProviderFacts } from '../../core/session/provider.ts';

const columns: readonly (readonly [title: string, feature: Feature])[] = [
  ['CREATE', 'create'],
  ['END', 'terminate'],
  ['RENAME', 'rename'],
  ['EXTEND', 'extend'],
  ['LOGS', 'logs'],
  ['APPS', 'apps'],
  ['NODES', 'nodes'],
];

export function define(command: Command, context: Context): void {
  command.action(async () => {
    const [providers, settings] = await Promise.all([context.tools('providers'), context.settings()]);
    const { value: chosen, origin } = settings.provider;
    const listed = providers.map((each) => ({ ...each, chosen: each.name === chosen }));
    context.reporter.result(listed, {
      columns: [
        ...['PROVIDER', 'CURRENT'].map((title) => ({ title, whole: true })),
        // A column of yes and no is of no use in half: on a narrow terminal the right ones are not shown.
        ...columns.map(([title]) => ({ title, whole: true, gives: 'first' as const })),
        'KEYS',
      ],
      rows: listed.map((each) => [
        each.name,
        each.chosen ? 'yes' : undefined,
        ...columns.map(([, feature]) => (each.features.includes(feature) ? 'yes' : undefined)),
        keysOf(each),
      ]),
    });
    context.reporter.info(
      `ssh, sftp, exec, forwards and ssh-config work with each; ${chosen} is current (${origin})`,
    );
  });
}

/** Which keys its sessions let in. */
function keysOf({ features }: ProviderFacts): string {
  if (features.includes('issuedKey')) return "the session's own";
  return features.includes('publicKeys') ? 'yours, in the account' : 'yours, per profile or job';
}
