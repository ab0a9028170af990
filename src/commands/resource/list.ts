/** `bai resource list` */

import { type Command, Option } from 'commander';
import type { Context } from '../../context.ts';
import { resourceTable } from '../../core/session/offer-tables.ts';
import type { ResourceOffer } from '../../core/session/offers.ts';

interface Flags {
  readonly project?: string;
  /** As the Python client calls a project. */
  readonly group?: string;
  readonly scalingGroup?: string;
  readonly wide?: boolean;
}

export function define(command: Command, context: Context): void {
  command
    .option('-g, --project <name>', 'the project whose resource groups are meant')
    .option('--sgroup, --scaling-group <name>', 'only this resource group')
    .option('--wide', 'show whole cells and all columns, however narrow the terminal')
    .addOption(new Option('--group <name>').hideHelp())
    .action(async ({ project, group, scalingGroup, wide }: Flags) => {
      const { listResources } = await import('../../services/session/list-offers.ts');
      const scope = { project: project ?? group, group: scalingGroup };
      const offer = await listResources(scope, await context.tools('sessions'));
      context.reporter.result(offer, resourceTable(offer, wide === true));
      for (const line of nextSteps(offer)) context.reporter.info(line);
    });
}

function nextSteps({ groups, allowed }: ResourceOffer): readonly string[] {
  if (groups.length === 0)
    return ['the project has no resource group: ask an administrator, or name another with --project'];
  const spent = ['cpu', 'mem'].filter((slot) => allowed[slot] === '0');
  return [
    'group: free / in all; left: what you may use beside what you use now, as far as it is free',
    ...(spent.length === 0
      ? []
      : [`you use all the ${spent.join(' and ')} that you may: \`bai session terminate\` gives some back`]),
    '`bai session create IMAGE -r cpu=2 -r mem=4g --scaling-group NAME` asks for an amount in a group',
  ];
}
