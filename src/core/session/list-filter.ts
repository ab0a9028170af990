/** Which sessions of a list are wanted: `--status WORDS` and `--filter FIELD=PATTERN`. */

import { UsageError } from '../../errors.ts';
import { matchesText, type NamePattern, parseName } from '../sftp/glob.ts';
import { similarNames } from '../text/similar.ts';
import { fieldOf, fieldText, fieldValue, type ListField } from './list-fields.ts';
import type { SessionListing } from './listing.ts';
import type { Provider, SessionListFilter } from './provider.ts';
import type { SessionSummary } from './session.ts';

export interface FieldFilter {
  readonly field: ListField;
  readonly pattern: NamePattern;
}

/** Throws a UsageError for what is not FIELD=PATTERN, for a field that is none, and for a state that there is not. */
export function parseFilters(texts: readonly string[], listing: SessionListing): readonly FieldFilter[] {
  return texts.map((text) => {
    const at = text.indexOf('=');
    if (at <= 0) throw new UsageError(`--filter takes FIELD=PATTERN, not "${text}"`);
    const field = fieldOf(text.slice(0, at), '--filter', listing);
    const pattern = parseName(text.slice(at + 1).toLowerCase());
    if (isStatus(field) && pattern.literal !== undefined) statusWord(pattern.literal, '--filter', listing);
    return { field, pattern };
  });
}

/** As docker has it: several patterns for one field are alternatives, and all fields have to fit. */
export function fits(session: SessionSummary, filters: readonly FieldFilter[]): boolean {
  const byField = new Map<string, boolean>();
  for (const filter of filters) {
    const key = `${filter.field.name}.${filter.field.inside ?? ''}`;
    byField.set(key, byField.get(key) === true || fitsOne(session, filter));
  }
  return [...byField.values()].every(Boolean);
}

/** The whole value, or what a terminal shows of it; in lists one of them. Ids by their beginning, too. */
function fitsOne(session: SessionSummary, { field, pattern }: FieldFilter): boolean {
  const value = fieldValue(session, field);
  const texts = (Array.isArray(value) ? value.map(fieldText) : [fieldText(value)]).flatMap((text) =>
    field.column?.short === undefined ? [text] : [text, field.column.short(text)],
  );
  const { literal } = pattern;
  return texts.some((text) => {
    const small = text.toLowerCase();
    const isBeginning =
      field.name === 'id' && literal !== undefined && literal !== '' && small.startsWith(literal);
    return isBeginning || matchesText(pattern, small);
  });
}

/** Ended sessions come too where a filter asks for a state that is one of them. */
export function statusesFor(
  filters: readonly FieldFilter[],
  { listing, phaseOf }: Pick<Provider, 'listing' | 'phaseOf'>,
): SessionListFilter['statuses'] {
  const patterns = filters.filter(({ field }) => isStatus(field)).map(({ pattern }) => pattern);
  if (patterns.length === 0) return 'live';
  const literals = patterns.flatMap(({ literal }) => (literal === undefined ? [] : [literal]));
  if (literals.length === patterns.length)
    return literals.map((word) => statusWord(word, '--filter', listing));
  const wanted = listing.statuses.filter((word) =>
    patterns.some((pattern) => matchesText(pattern, word.toLowerCase())),
  );
  return wanted.some((word) => ['ended', 'cancelled'].includes(phaseOf(word))) ? 'all' : 'live';
}

function isStatus({ name, inside }: ListField): boolean {
  return name === 'status' && inside === undefined;
}

/** Servers answer a word they do not know with the word alone. Throws a UsageError with those that are near. */
export function statusWord(word: string, option: string, { statuses }: SessionListing): string {
  const found = statuses.find((known) => keyOf(known) === keyOf(word));
  if (found !== undefined) return found;
  const near =
    word === ''
      ? []
      : similarNames(
          keyOf(word),
          statuses.map((known) => keyOf(known)),
        );
  const meant = statuses.filter((known) => near.includes(keyOf(known)));
  throw new UsageError(`${option} knows no state ${word === '' ? 'without a name' : word.toUpperCase()}`, {
    hint: meant.length > 0 ? `did you mean ${meant.join(' or ')}?` : `states: ${statuses.join(', ')}`,
  });
}

export function isSameStatus(a: string, b: string): boolean {
  return keyOf(a) === keyOf(b);
}

/** `FORCE_STOP` and `Force Stop` are one word. */
function keyOf(word: string): string {
  return word.toLowerCase().replaceAll(/[_\s]/g, ' ');
}
