/** Fields of sessions in lists, by the words of the user: the header of a column, or the name that `--json` has. */

import { UsageError } from '../../errors.ts';
import { ownValue } from '../own-value.ts';
import { similarNames } from '../text/similar.ts';
import type { SessionColumn, SessionListing } from './listing.ts';
import type { SessionSummary } from './session.ts';

export interface ListField {
  /** As `--json` has it. */
  readonly name: string;
  /** What is meant inside of it, such as `cpu` of `resources`. */
  readonly inside?: string;
  /** The column that shows it, and its place; nothing where the table has none. */
  readonly column?: SessionColumn;
  readonly at?: number;
}

/** What every provider's sessions have. */
const common = ['id', 'name', 'status', 'createdAt', 'endsAt', 'endsBecause'] as const;

/** Throws a UsageError that names the option and what is near. */
export function fieldOf(word: string, option: string, listing: SessionListing): ListField {
  const [head = '', ...rest] = word.split('.');
  const field = fieldsOf(listing).get(plain(head));
  const inside = rest.join('.');
  if (field !== undefined) return inside === '' ? field : { name: field.name, inside };
  const known = [...listing.columns.map(({ title }) => title.toLowerCase()), ...namesOf(listing)];
  const near = head === '' ? [] : similarNames(head.toLowerCase(), known);
  throw new UsageError(`${option} knows no field ${word === '' ? 'without a name' : word}`, {
    hint: near.length > 0 ? `did you mean ${near.join(' or ')}?` : `fields: ${namesOf(listing).join(', ')}`,
  });
}

function fieldsOf(listing: SessionListing): ReadonlyMap<string, ListField> {
  const columns = listing.columns.map((column, at): ListField => ({ name: column.field, column, at }));
  const words = Object.entries(listing.fieldWords ?? {}).map(
    ([word, name]) => [word, fieldNamed(name, columns)] as const,
  );
  // A header goes before a name: what comes later in a map stays.
  return new Map([
    ...words,
    ...namesOf(listing).map((name) => [plain(name), fieldNamed(name, columns)] as const),
    ...columns.map((field) => [plain(field.column?.title ?? ''), field] as const),
  ]);
}

/** Of a column that shows the field itself: an age is not what `createdAt` says. */
function fieldNamed(name: string, columns: readonly ListField[]): ListField {
  return columns.find((field) => field.name === name && field.column?.ticks !== true) ?? { name };
}

function namesOf({ columns, fields = [] }: SessionListing): readonly string[] {
  return [...new Set([...common, ...columns.map(({ field }) => field), ...fields])];
}

/** `resource-group`, `resource_group` and `resourceGroup` are one word. */
function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_\s]/g, '');
}

export function fieldValue(session: SessionSummary, { name, inside }: ListField): unknown {
  const value = ownValue<unknown>({ ...session }, name);
  if (inside === undefined) return value;
  return typeof value === 'object' && value !== null ? ownValue<unknown>({ ...value }, inside) : undefined;
}

/** Empty for what is not there. */
export function fieldText(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map(fieldText).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
