/** The names that an account can use in a request for a session: its domain and projects, resource groups, virtual folders. */

import { orNothing } from '../../../core/or-nothing.ts';
import type { ManagerClient } from '../manager/client.ts';
import { folderOffers } from '../offers/folders.ts';
import { memberOf } from '../offers/projects.ts';
import { resourceGroupNames } from '../offers/resource-groups.ts';
import type { CreateChoices } from './compute-session.ts';

/** What cannot be found out is left out: it is asked for to explain a refusal. */
export async function createChoices(
  client: ManagerClient,
  project: string,
  signal: AbortSignal,
): Promise<CreateChoices> {
  const [member, resourceGroups, folders] = await Promise.all([
    orNothing(memberOf(client, signal)),
    orNothing(resourceGroupNames(client, project, signal)),
    orNothing(folderOffers(client, { warn: () => {}, signal })),
  ]);
  return {
    domains: member?.domain === undefined ? undefined : [member.domain],
    projects: member?.projects.map(({ name }) => name),
    resourceGroups,
    folders: folders?.map(({ name }) => name),
  };
}
