/** The projects of the caller. */

import * as z from 'zod/mini';
import type { ProjectOffer } from '../../../core/session/offers.ts';
import type { ManagerClient } from '../manager/client.ts';
import { type GraphqlCall, graphql } from '../manager/graphql.ts';
import { memberQuery } from '../manager/queries.ts';
import { isName } from './names.ts';
import { memberSchema } from './schemas.ts';

interface Member {
  /** Nothing where the manager does not say. */
  readonly domain: string | undefined;
  readonly projects: readonly { readonly id: string; readonly name: string }[];
}

/** Nobody is in more. */
const mostProjects = 1_000;

/** What the caller is in. */
export async function memberOf(client: ManagerClient, signal: AbortSignal): Promise<Member> {
  const call: GraphqlCall = {
    ...{ what: 'look up your projects', query: memberQuery, variables: {}, signal },
  };
  const user = await graphql(client, call, 'user', z.nullable(memberSchema));
  const domain = user?.domain_name ?? '';
  const projects = (user?.groups ?? []).filter(({ name }) => isName(name)).slice(0, mostProjects);
  return { domain: domain === '' ? undefined : domain, projects };
}

/** `chosen` is the name, or the id, that new sessions are created with. */
export async function projectOffers(
  client: ManagerClient,
  { chosen, signal }: { readonly chosen: string; readonly signal: AbortSignal },
): Promise<readonly ProjectOffer[]> {
  const { domain, projects } = await memberOf(client, signal);
  return projects.map(({ id, name }) => ({
    ...{ name, id, domain: domain ?? '' },
    isChosen: name === chosen || (id !== '' && id === chosen.toLowerCase()),
  }));
}
