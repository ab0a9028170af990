/** Amounts of resources as people type and read them: `4`, `0.5`, `512m`, `16g`. */

import { bySlot } from './amounts.ts';
import type { Amounts } from './offers.ts';

const powers = 'kmgtpe';

/** The number that a text stands for, with the binary units of memory; nothing for what is no amount. */
export function amountOf(text: string): number | undefined {
  const match = /^(\d{1,18}(?:\.\d{1,18})?)\s?(?:([kmgtpe])(?:i?b)?|b)?$/i.exec(text);
  if (match === null) return undefined;
  const [, digits = '', unit = ''] = match;
  return Number(digits) * 1024 ** (unit === '' ? 0 : powers.indexOf(unit.toLowerCase()) + 1);
}

/** As options take it, `mem=16g`: bytes in the largest unit that leaves none over. */
export function amountWord(slot: string, amount: string): string {
  return `${slot}=${isBytes(slot) ? bytesWord(amount) : plain(amount)}`;
}

/** Those above zero, processors and memory first. */
export function amountWords(amounts: Amounts): string[] {
  return Object.entries(amounts)
    .filter(([, amount]) => amountOf(amount) !== 0)
    .sort(([a], [b]) => bySlot(a, b))
    .map(([slot, amount]) => amountWord(slot, amount));
}

/** As `amountWords`, with bytes rounded down: to be read, not to be asked for. */
export function roughWords(amounts: Amounts): string[] {
  const rough = Object.entries(amounts).map(([slot, amount]) => [
    slot,
    isBytes(slot) ? roughBytes(amount) : amount,
  ]);
  return amountWords(Object.fromEntries(rough));
}

/** As `roughWords`, and of processors and memory also that there are none: without them no session starts. */
export function roomWords(amounts: Amounts): string[] {
  const none = ['cpu', 'mem'].filter((slot) => amountOf(amounts[slot] ?? '') === 0);
  return [...none.map((slot) => `${slot}=0`), ...roughWords(amounts)];
}

function roughBytes(amount: string): string {
  let value = amountOf(amount) ?? 0;
  let unit = '';
  for (const next of powers) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return `${Math.floor(value * 10) / 10}${unit}`;
}

/** The first slot of which `amounts` has less than `least` wants; what is not there at all is nothing. */
export function slotBelow(amounts: Amounts, least: Amounts): string | undefined {
  return Object.keys(least).find(
    (slot) => (amountOf(amounts[slot] ?? '0') ?? 0) < (amountOf(least[slot] ?? '') ?? 0),
  );
}

/** The first slot of which there is more than `most` has; one that is not in `most` has no limit. */
export function slotAbove(amounts: Amounts, most: Amounts): string | undefined {
  return Object.keys(amounts).find((slot) => {
    const limit = most[slot] === undefined ? undefined : amountOf(most[slot]);
    return limit !== undefined && (amountOf(amounts[slot] ?? '') ?? 0) > limit;
  });
}

function isBytes(slot: string): boolean {
  return slot === 'mem' || slot === 'shmem';
}

function bytesWord(amount: string): string {
  if (!/^\d{1,15}(?:\.0*)?$/.test(amount)) return plain(amount);
  let bytes = Number(amount);
  let unit = '';
  for (const next of powers) {
    if (bytes === 0 || bytes % 1024 !== 0) break;
    bytes /= 1024;
    unit = next;
  }
  return `${bytes}${unit}`;
}

/** Servers write `2`, `2.0` and `2.000000` for the same amount. */
function plain(amount: string): string {
  return /^\d+\.\d*$/.test(amount) ? amount.replace(/\.?0+$/, '') : amount;
}
