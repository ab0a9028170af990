/** GraphQL's list of machines, as everybody sees it. */

import { type Account, stableUuid } from '../model/accounts.ts';
import type { Slots } from '../model/resources.ts';
import type { Machine } from '../session/exchange.ts';

export interface MachineArguments {
  readonly limit: number;
  readonly offset: number;
  readonly scaling_group?: string | null;
}

export function machineList(
  { resources: { groups, hidesMachines }, images }: Machine,
  account: Account,
  { limit, offset, scaling_group: wanted }: MachineArguments,
): Record<string, unknown> {
  if (hidesMachines && account.role !== 'admin') throw new Error('No such agent.');
  const items = groups
    .filter(({ name }) => wanted == null || wanted === name)
    .flatMap(({ name, machine }) => (machine === undefined ? [] : [{ name, machine }]))
    .map(({ name, machine }) => ({
      id: `i-${stableUuid(`machine ${name}`).slice(0, 8)}`,
      status: 'ALIVE',
      scaling_group: name,
      schedulable: true,
      architecture: images[0]?.architecture ?? '',
      available_slots: textsOf(machine),
      occupied_slots: '{}',
    }));
  return { total_count: items.length, items: items.slice(offset, offset + limit) };
}

function textsOf(slots: Slots): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(slots).map(([name, amount]) => [name, String(amount)])),
  );
}
