/** What the machines of each resource group have in all. */

import type { Amounts } from '../../../core/session/offers.ts';
import { BaiError } from '../../../errors.ts';
import type { ManagerClient } from '../manager/client.ts';
import { graphql } from '../manager/graphql.ts';
import { machinesQuery } from '../manager/queries.ts';
import { amountsOf, sumOf } from './amounts.ts';
import { machinesSchema } from './schemas.ts';

const pageSize = 100;
const mostMachines = 5_000;

/** By name of the group; a group without machines is not in it. Nothing where the caller may not know, or there are too many to ask for. */
export async function totalsOf(
  client: ManagerClient,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Amounts> | undefined> {
  const machines = new Map<string, { readonly group: string; readonly amounts: Amounts }>();
  for (let offset = 0; offset < mostMachines; offset += pageSize) {
    const page = await pageOf(client, offset, signal);
    if (page === undefined) return undefined;
    const usable = page.items.filter(({ schedulable }) => schedulable !== false);
    for (const { id, scaling_group: group, available_slots: slots } of usable)
      machines.set(id, { group, amounts: amountsOf(slots) });
    if (page.items.length === 0 || offset + page.items.length >= page.total_count)
      return byGroup([...machines.values()]);
  }
  return undefined;
}

function byGroup(
  machines: readonly { readonly group: string; readonly amounts: Amounts }[],
): Map<string, Amounts> {
  const groups = new Map<string, Amounts[]>();
  for (const { group, amounts } of machines) groups.set(group, [...(groups.get(group) ?? []), amounts]);
  return new Map([...groups].map(([group, all]) => [group, sumOf(all)]));
}

/** Machines that are hidden are answered for as if there were none of that kind. */
async function pageOf(client: ManagerClient, offset: number, signal: AbortSignal) {
  const variables = { limit: pageSize, offset };
  const call = { what: 'look at the machines', query: machinesQuery, variables, signal };
  try {
    return await graphql(client, call, 'agent_summary_list', machinesSchema);
  } catch (error) {
    if (error instanceof BaiError && error.code === 'query-refused') return undefined;
    throw error;
  }
}
