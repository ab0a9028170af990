/** What an account can choose from: resource groups and virtual folders. */

import { type Account, stableUuid } from '../model/accounts.ts';
import { type EmulatedFolder, folderId } from '../model/folders.ts';
import { checkRole, internalError, invalidField, Problem } from '../model/problems.ts';
import type { ReleaseBehaviour } from '../model/release.ts';
import { type Answer, ok } from '../server/answer.ts';
import type { Exchange, Machine, Route } from '../session/exchange.ts';
import { readParameters } from '../session/parameters.ts';
import { projectId } from '../session/session-shapes.ts';

export function scopeRoutes(machine: Machine): readonly Route[] {
  return [
    { method: 'GET', path: '/scaling-groups', handle: (exchange) => listResourceGroups(machine, exchange) },
    { method: 'GET', path: '/folders', handle: (exchange) => listFolders(machine, exchange) },
  ];
}

/** The same for every project, as 26.4.16 has it; 26.9.6 wants one that there is. */
function listResourceGroups({ behaviour, resources }: Machine, exchange: Exchange): Answer {
  const parameters = readParameters(exchange, behaviour, 'query').allowOnly(['group', 'group_id']);
  const group = parameters.requiredText('group');
  if (behaviour.entityErrors && group !== 'default' && group !== projectId)
    throw new Problem(404, {
      slug: 'entity-not-found',
      title: 'Entity not found.',
      code: 'project_read_not-found',
      msg: 'No ProjectRow matches the given key',
    });
  return ok({ scaling_groups: resources.groups.map(({ name }) => ({ name })) });
}

function listFolders({ behaviour, folders }: Machine, exchange: Exchange): Answer {
  const { account } = exchange;
  checkRole(behaviour, account, 'read on vfolder');
  const project = readParameters(exchange, behaviour, 'query')
    .allowOnly(['all', 'group_id', 'owner_user_email'])
    .text('group_id');
  if (project !== undefined) checkProjectId(behaviour, account, project);
  const seen = folders.all().filter(({ owner, status }) => {
    if (behaviour.atLeast('26.9')) {
      if (owner === 'project') return project !== undefined;
      return status?.startsWith('delete-') !== true;
    }
    return owner !== 'project' || project === undefined || project === projectId;
  });
  return ok(seen.map((folder) => shownFolder(behaviour, account, folder)));
}

function checkProjectId(behaviour: ReleaseBehaviour, account: Account, id: string): void {
  if (!/^[\da-f-]{32,36}$/i.test(id))
    throw behaviour.generation === 'C'
      ? invalidField(behaviour, 'group_id', 'Input should be a valid UUID')
      : internalError();
  if (!behaviour.entityErrors || id === projectId) return;
  throw new Problem(403, {
    slug: 'not-enough-permission',
    title: 'Insufficient permission to perform this operation.',
    code: 'permission_access_forbidden',
    msg: `User ${account.userId} lacks permission <Permission.READ: 1> on vfolder at scopes [ProjectID('${id}')]`,
  });
}

/** Since 26 an owner, too, has it in the sense of a mount, and whose it is stands in ids only. */
function shownFolder(
  behaviour: ReleaseBehaviour,
  account: Account,
  { name, owner = 'own', permission = 'rw', status = 'ready' }: EmulatedFolder,
): Record<string, unknown> {
  const isProject = owner === 'project';
  const type = isProject ? 'group' : 'user';
  const user = owner === 'own' ? account.userId : stableUuid('a user who shares');
  const creator = owner === 'own' ? account.email : 'somebody@local.test';
  const isNew = behaviour.atLeast('26.3');
  return {
    name,
    id: folderId(name),
    quota_scope_id: isProject ? `project:${projectId}` : `user:${user}`,
    host: 'local:volume1',
    status,
    usage_mode: 'general',
    created_at: '2024-03-01 09:30:15.123456+00:00',
    is_owner: owner === 'own',
    permission,
    user: isProject ? null : user,
    group: isProject ? projectId : null,
    creator,
    user_email: isNew ? '' : isProject ? null : creator,
    group_name: isNew ? '' : isProject ? 'default' : null,
    ownership_type: type,
    type: isNew ? '' : type,
    cloneable: false,
    max_files: isNew ? 0 : 1000,
    max_size: isNew ? 0 : null,
    cur_size: 0,
  };
}
