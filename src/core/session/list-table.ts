/** The table of a list of sessions: the columns of its provider, or those that were asked for. */

import type { Column, Table } from '../reporter.ts';
import { fieldOf, fieldText, fieldValue, type ListField } from './list-fields.ts';
import type { SessionListing } from './listing.ts';
import type { SessionSummary } from './session.ts';

export interface TableWish {
  /** Nothing: those of the provider. */
  readonly columns: readonly ListField[] | undefined;
  /** The sessions of all users are listed. */
  readonly allUsers: boolean;
  readonly wide: boolean;
}

/** Throws a UsageError. */
export function parseColumns(text: string, listing: SessionListing): readonly ListField[] {
  return text.split(',').map((word) => fieldOf(word.trim(), '--columns', listing));
}

export function sessionTable(
  sessions: readonly SessionSummary[],
  wish: TableWish,
  { listing, now }: { readonly listing: SessionListing; readonly now: number },
): Table {
  const fields = fieldsFor(wish, listing);
  return {
    columns: fields.map((field) => columnOf(field, wish)),
    wide: wish.wide,
    rows: sessions.map((session) => {
      const cells = listing.row(session, now);
      return fields.map((field) =>
        field.at === undefined ? fieldText(fieldValue(session, field)) : cells[field.at],
      );
    }),
  };
}

/** What of a session's row changes with the session only, and not as time goes by. */
export function lastingCells(
  session: SessionSummary,
  wish: TableWish,
  listing: SessionListing,
): readonly string[] {
  const cells = listing.row(session, 0);
  return fieldsFor(wish, listing)
    .filter(({ name, column }) => column?.ticks !== true && name !== 'endsAt')
    .map((field) =>
      field.at === undefined ? fieldText(fieldValue(session, field)) : (cells[field.at] ?? ''),
    );
}

function fieldsFor({ columns, allUsers }: TableWish, listing: SessionListing): readonly ListField[] {
  return (
    columns ??
    listing.columns
      .map((column, at): ListField => ({ name: column.field, column, at }))
      .filter(({ column }) => column?.onlyWith === undefined || allUsers)
  );
}

/** One that was asked for does not give way. */
function columnOf({ name, inside, column }: ListField, { columns }: TableWish): Column {
  if (column === undefined) return { title: titleOf(inside === undefined ? name : `${name}.${inside}`) };
  if (columns === undefined) return column;
  const { gives: _, ...staying } = column;
  return staying;
}

/** `createdAt` is `CREATED AT`. */
function titleOf(name: string): string {
  return name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toUpperCase();
}
