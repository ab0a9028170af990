/** Resource amounts as people write them. */

import { formatBytes } from '../text/units.ts';
import type { Amounts, ResourceGroup, ResourceOffer } from './offers.ts';

/** `cpu=2 mem=4.0 GiB cuda.shares=0.5` from a platform's amounts; memory comes in bytes. */
export function describeAmounts(amounts: Amounts): string {
  return Object.entries(amounts)
    .filter(([, amount]) => Number(amount) !== 0)
    .sort(([a], [b]) => bySlot(a, b))
    .map(
      ([slot, amount]) =>
        `${slot}=${slot === 'mem' && /^\d+$/.test(amount) ? formatBytes(Number(amount)).replace(' ', '') : plain(amount)}`,
    )
    .join(' ');
}

/** Processors and memory, then devices by name. */
export function bySlot(a: string, b: string): number {
  return rank(a) - rank(b) || a.localeCompare(b);
}

/** Whether no session can start there, however small: none of what each one takes is free. */
export function isFull({ free }: Pick<ResourceGroup, 'free'>): boolean {
  const taken = Object.entries(free).filter(([slot]) => rank(slot) < 2);
  return taken.length === 0 || taken.some(([, amount]) => Number(amount) === 0);
}

/** Every kind of resource that a platform has told of, whether there is any of it or not. */
export function slotsIn({ groups, allowed, used }: ResourceOffer): readonly string[] {
  const told = [used, allowed, ...groups.flatMap(({ free, total }) => [free, total ?? {}])];
  return [...new Set(told.flatMap((amounts) => Object.keys(amounts)))].sort(bySlot);
}

function rank(slot: string): number {
  return slot === 'cpu' ? 0 : slot === 'mem' ? 1 : 2;
}

/** Managers write `2`, `2.0` and `2.000000` for the same amount. */
function plain(amount: string): string {
  return /^\d+\.\d*$/.test(amount) ? amount.replace(/\.?0+$/, '') : amount;
}
