/** Resource amounts as people write them. */

import { formatBytes } from '../../../core/text/units.ts';

/** `cpu=2 mem=4.0 GiB cuda.shares=0.5` from the manager's amounts; memory comes in bytes. */
export function describeResources(slots: Readonly<Record<string, string>>): string {
  return Object.entries(slots)
    .filter(([, amount]) => Number(amount) !== 0)
    .sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b))
    .map(
      ([slot, amount]) =>
        `${slot}=${slot === 'mem' && /^\d+$/.test(amount) ? formatBytes(Number(amount)).replace(' ', '') : plain(amount)}`,
    )
    .join(' ');
}

function rank(slot: string): number {
  return slot === 'cpu' ? 0 : slot === 'mem' ? 1 : 2;
}

/** Managers write `2`, `2.0` and `2.000000` for the same amount. */
function plain(amount: string): string {
  return /^\d+\.\d*$/.test(amount) ? amount.replace(/\.?0+$/, '') : amount;
}
