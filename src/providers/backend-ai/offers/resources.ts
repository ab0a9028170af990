/** What there is to run on in a project, and how much of it the caller may use. */

import type * as z from 'zod/mini';
import { orNothing } from '../../../core/or-nothing.ts';
import type { Amounts, ResourceGroup, ResourceOffer, ResourceScope } from '../../../core/session/offers.ts';
import { similarNames } from '../../../core/text/similar.ts';
import { BaiError, NotFoundError } from '../../../errors.ts';
import type { Call, ManagerClient } from '../manager/client.ts';
import { amountsOf, atMost } from './amounts.ts';
import { totalsOf } from './machines.ts';
import { bounded, isName, type Warn } from './names.ts';
import { memberOf } from './projects.ts';
import { resourceGroupNames } from './resource-groups.ts';
import { checkedSchema } from './schemas.ts';

interface ResourceRequest extends ResourceScope {
  readonly project: string;
  readonly warn: Warn;
  readonly signal: AbortSignal;
}

export async function resourceOffer(client: ManagerClient, request: ResourceRequest): Promise<ResourceOffer> {
  const [checked, totals] = await Promise.all([check(client, request), totalsOf(client, request.signal)]);
  const { warn } = request;
  const told = { what: 'resource groups', hint: 'name one: `bai resource list --scaling-group NAME`', warn };
  const groups = Object.entries(checked.scaling_groups).filter(([name]) => isName(name));
  const presets = checked.presets.filter(({ name }) => isName(name));
  return {
    groups: bounded(groups, told).map(([name, { remaining, available }]) =>
      groupOf(name, amountsOf(remaining ?? available), totals),
    ),
    allowed: amountsOf(checked.keypair_remaining),
    used: amountsOf(checked.keypair_using),
    presets: bounded(presets, { ...told, what: 'presets' }).map(({ name, resource_slots, allocatable }) => ({
      name,
      amounts: amountsOf(resource_slots),
      isAvailable: allocatable === true,
    })),
  };
}

/** For a group without machines 26.8 answers with all that the caller is allowed. */
function groupOf(
  name: string,
  remaining: Amounts,
  totals: ReadonlyMap<string, Amounts> | undefined,
): ResourceGroup {
  const total = totals && (totals.get(name) ?? {});
  return { name, total, free: total === undefined ? remaining : atMost(remaining, total) };
}

async function check(
  client: ManagerClient,
  { project, group, signal }: ResourceRequest,
): Promise<z.infer<typeof checkedSchema>> {
  const call: Call = {
    what: 'look at the resources',
    method: 'POST',
    path: 'resource/check-presets',
    body: { group: project, ...(group !== undefined && { scaling_group: group }) },
    readsOnly: true,
    signal,
  };
  try {
    return await client.json(call, checkedSchema);
  } catch (error) {
    if (!(error instanceof BaiError) || !statuses.has(Number(error.details['status']))) throw error;
    throw (await wrongName(client, { project, group, signal }, error)) ?? error;
  }
}

/** Those that a wrong name may be the reason of: 23.09.10 fails inside over an unknown project. */
const statuses = new Set([400, 404, 500]);

async function wrongName(
  client: ManagerClient,
  { project, group, signal }: Pick<ResourceRequest, 'project' | 'group' | 'signal'>,
  cause: BaiError,
): Promise<BaiError | undefined> {
  const member = await orNothing(memberOf(client, signal));
  const projects = member?.projects.map(({ name }) => name);
  if (projects?.includes(project) === false)
    return new NotFoundError(`your account is in no project called ${project}`, {
      code: 'project-not-found',
      hint: `correct --project, BACKEND_GROUP or \`bai config set project NAME\`; ${knownOf(project, projects)}`,
      cause,
    });
  const groups =
    group === undefined ? undefined : await orNothing(resourceGroupNames(client, project, signal));
  if (group === undefined || groups?.includes(group) !== false) return undefined;
  return new NotFoundError(`you can use no resource group called ${group}`, {
    code: 'resource-group-not-found',
    hint: `correct --scaling-group; ${knownOf(group, groups)}`,
    cause,
  });
}

function knownOf(wanted: string, names: readonly string[]): string {
  const near = [...new Set([...similarNames(wanted, names), ...names])];
  if (near.length === 0) return 'there is none';
  return `known: ${near.slice(0, 10).join(', ')}${near.length > 10 ? ', …' : ''}`;
}
