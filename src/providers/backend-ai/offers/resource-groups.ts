/** The names of the resource groups that the caller can use in a project. */

import type { ManagerClient } from '../manager/client.ts';
import { resourceGroupsSchema } from './schemas.ts';

export async function resourceGroupNames(
  client: ManagerClient,
  project: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const call = {
    what: 'list the resource groups',
    method: 'GET',
    path: 'scaling-groups',
    query: { group: project },
    signal,
  } as const;
  return (await client.json(call, resourceGroupsSchema)).scaling_groups.map(({ name }) => name);
}
