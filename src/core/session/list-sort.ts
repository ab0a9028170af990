/** The order of sessions in lists: `--sort FIELD[,-FIELD]`. */

import { bySlot } from './amounts.ts';
import { fieldOf, fieldText, fieldValue, type ListField } from './list-fields.ts';
import type { SessionListing } from './listing.ts';
import type { Amounts } from './offers.ts';
import type { SessionSummary } from './session.ts';

export interface SortKey {
  readonly field: ListField;
  readonly isDescending: boolean;
}

/** Throws a UsageError. */
export function parseSort(text: string, listing: SessionListing): readonly SortKey[] {
  return text.split(',').map((part) => {
    const word = part.trim();
    const isDescending = word.startsWith('-');
    return { field: fieldOf(isDescending ? word.slice(1) : word, '--sort', listing), isDescending };
  });
}

/** What is alike stays in the order in which it came; what has no value comes last, in both directions. */
export function sortSessions<S extends SessionSummary>(
  sessions: readonly S[],
  keys: readonly SortKey[],
  listing: SessionListing,
): readonly S[] {
  if (keys.length === 0) return sessions;
  const ranked = sessions.map((session) => ({
    session,
    texts: keys.map(({ field }) => sortText(session, field, listing)),
  }));
  ranked.sort((a, b) => {
    for (const [at, key] of keys.entries()) {
      const order = orderOf(a.texts[at] ?? '', b.texts[at] ?? '', key);
      if (order !== 0) return order;
    }
    return 0;
  });
  return ranked.map(({ session }) => session);
}

function sortText(session: SessionSummary, field: ListField, listing: SessionListing): string {
  const value = fieldValue(session, field);
  if (isAmounts(value)) return amountsText(value);
  const isShown = typeof value === 'object' && field.at !== undefined;
  return (isShown ? listing.row(session, 0)[field.at] : undefined) ?? fieldText(value);
}

function isAmounts(value: unknown): value is Amounts {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((each) => typeof each === 'string')
  );
}

/** By the first kind of resource, then by the next; in bytes, since `512.0MiB` is no more than `4.0GiB`. */
function amountsText(amounts: Amounts): string {
  return Object.entries(amounts)
    .filter(([, amount]) => Number(amount) !== 0)
    .sort(([a], [b]) => bySlot(a, b))
    .map(([slot, amount]) => `${slot}=${amount}`)
    .join(' ');
}

function orderOf(a: string, b: string, { field, isDescending }: SortKey): number {
  if (a === '' || b === '') return Number(a === '') - Number(b === '');
  const order = compareTexts(a, b);
  return isDescending !== (field.column?.isReversed === true) ? -order : order;
}

// Of no language: the same list has the same order everywhere.
const collator = new Intl.Collator('en', { numeric: true });

/** Numbers as numbers, times as times, and numbers inside of names, too: `run-2` comes before `run-10`. */
export function compareTexts(a: string, b: string): number {
  const [x, y] = [quantityOf(a), quantityOf(b)];
  return x === undefined || y === undefined ? collator.compare(a, b) : x - y || collator.compare(a, b);
}

function quantityOf(text: string): number | undefined {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  const time = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
