/** `bai session info SESSION` */

import type { Command } from 'commander';
import type { Context } from '../../context.ts';
import { describeResources } from '../../core/session/resources.ts';
import type { SessionDetails } from '../../core/session/session.ts';
import { type OwnerFlags, ownerOption, useOwner } from './owner.ts';

export function define(command: Command, context: Context): void {
  command
    .argument('<session>', 'name or id; ended sessions too')
    .addOption(ownerOption())
    .action(async (session: string, flags: OwnerFlags) => {
      useOwner(context, flags);
      const { sessionInfo } = await import('../../services/session/manage-sessions.ts');
      const details = await sessionInfo(session, await context.sessions());
      context.reporter.result(details, lines(details));
    });
}

function lines(details: SessionDetails): string[] {
  const facts: [string, string][] = [
    ['name', details.name],
    ['id', details.id],
    ['status', details.statusInfo ? `${details.status} (${details.statusInfo})` : details.status],
    ['owner', details.accessKey],
    ['type', details.type],
    ['image', details.image],
    ['resources', describeResources(details.resources)],
    ['resource group', details.resourceGroup],
    ['folders', details.mounts.join(', ')],
    ['created', details.createdAt],
    ['ended', details.terminatedAt],
    ['apps', details.services.map((service) => `${service.name} (${service.ports.join(', ')})`).join(', ')],
    ...details.containers.map((container): [string, string] => [
      `node ${container.hostname}`,
      `${container.status} ${container.agent}`,
    ]),
  ];
  return facts
    .filter(([, value]) => value.trim() !== '')
    .map(([name, value]) => `${name.padEnd(15)} ${value}`);
}
