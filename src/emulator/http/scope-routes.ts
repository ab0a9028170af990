/** What an account can choose from: resource groups and virtual folders. */

import { stableUuid } from '../model/accounts.ts';
import { checkRole, urlNotFound } from '../model/problems.ts';
import { type Answer, ok } from '../server/answer.ts';
import type { Exchange, Machine, Route } from '../session/exchange.ts';
import { readParameters } from '../session/parameters.ts';

export function scopeRoutes(machine: Machine): readonly Route[] {
  return [
    { method: 'GET', path: '/scaling-groups', handle: (exchange) => listResourceGroups(machine, exchange) },
    { method: 'GET', path: '/folders', handle: (exchange) => listFolders(machine, exchange) },
  ];
}

/** The same for every project, as 26.4.16 has it. */
function listResourceGroups({ behaviour }: Machine, exchange: Exchange): Answer {
  readParameters(exchange, behaviour, 'query').allowOnly(['group', 'group_id']).requiredText('group');
  return ok({ scaling_groups: [{ name: 'default' }] });
}

function listFolders({ behaviour, folders }: Machine, { account, path }: Exchange): Answer {
  checkRole(behaviour, account, 'read on vfolder');
  // Every folder that anybody names is there, and such folders have no list.
  if (folders === undefined) throw urlNotFound(path);
  return ok(
    folders.map((name) => ({
      name,
      id: stableUuid(`folder ${name}`).replaceAll('-', ''),
      host: 'local:volume1',
      status: 'ready',
      usage_mode: 'general',
      permission: 'rw',
      ownership_type: 'user',
      type: 'user',
      user: account.userId,
      group: null,
      creator: account.email,
      is_owner: true,
      cloneable: false,
    })),
  );
}
