/** The names that an account can use in a request for a session: its domain and projects, resource groups, virtual folders. */

import * as z from 'zod/mini';
import { orNothing } from '../../../core/or-nothing.ts';
import type { ManagerClient } from '../manager/client.ts';
import { graphql } from '../manager/graphql.ts';
import { memberQuery } from '../manager/queries.ts';
import { foldersSchema, memberSchema, resourceGroupsSchema } from '../manager/schema.ts';
import type { CreateChoices } from './compute-session.ts';

/** What cannot be found out is left out: it is asked for to explain a refusal. */
export async function createChoices(
  client: ManagerClient,
  project: string,
  signal: AbortSignal,
): Promise<CreateChoices> {
  const [member, resourceGroups, folders] = await Promise.all([
    orNothing(memberOf(client, signal)),
    orNothing(resourceGroupsOf(client, project, signal)),
    orNothing(foldersOf(client, signal)),
  ]);
  return { ...member, resourceGroups, folders };
}

async function memberOf(
  client: ManagerClient,
  signal: AbortSignal,
): Promise<Pick<CreateChoices, 'domains' | 'projects'>> {
  const call = { what: 'look up your account', query: memberQuery, variables: {}, signal };
  const user = await graphql(client, call, 'user', z.nullable(memberSchema));
  return {
    domains: user?.domain_name == null ? undefined : [user.domain_name],
    projects: user?.groups?.flatMap((group) => group?.name ?? []),
  };
}

async function resourceGroupsOf(
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

async function foldersOf(client: ManagerClient, signal: AbortSignal): Promise<readonly string[]> {
  const call = { what: 'list the virtual folders', method: 'GET', path: 'folders', signal } as const;
  return (await client.json(call, foldersSchema)).map(({ name }) => name);
}
