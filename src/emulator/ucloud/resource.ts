/** What tokens, jobs and drives have in common: numbers of one sequence, an owner, permissions, pages. */

import type { Actor } from './accounts.ts';
import { badRequest } from './problem.ts';

export class ResourceIds {
  #last = 0;

  next(): number {
    this.#last += 1;
    return this.#last;
  }
}

export function ownerOf({ user, project }: Actor): {
  readonly createdBy: string;
  readonly project: string | null;
} {
  return { createdBy: user.username, project: project?.id ?? null };
}

/** Those of whoever may see a resource at all. */
export const permissions = { myself: ['ADMIN', 'READ', 'EDIT'], others: [] };

export interface Page<T> {
  readonly items: readonly T[];
  readonly itemsPerPage: number;
  readonly next: string | null;
}

/** A field of a request, which may hold anything. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** A number that is none is an error, one below 1 the default, and one above 1000 is cut. */
export function itemsPerPage(asked: unknown): number {
  if (asked === undefined || asked === null || asked === '') return 50;
  const number =
    typeof asked === 'number' ? asked : /^-?\d+$/.test(textOf(asked)) ? Number(asked) : undefined;
  if (number === undefined) throw badRequest('Invalid request supplied');
  if (number < 1) return 50;
  return Math.min(number, 1000);
}

/** `next` is an offset. */
export function pageByOffset<T>(all: readonly T[], size: number, next: string | undefined): Page<T> {
  const start = Math.min(Number.parseInt(next ?? '0', 10) || 0, all.length);
  const end = Math.min(start + size, all.length);
  return { items: all.slice(start, end), itemsPerPage: size, next: end < all.length ? String(end) : null };
}

/** Newest first; `next` is the number of the last one that was given, whatever it may be. */
export function pageById<T extends { readonly id: number }>(
  newestFirst: readonly T[],
  size: number,
  next: string | undefined,
): Page<T> {
  const after = next === undefined ? undefined : Number.parseInt(next, 10) || 0;
  const left = after === undefined ? newestFirst : newestFirst.filter(({ id }) => id < after);
  const items = left.slice(0, size);
  const last = items.at(-1);
  return { items, itemsPerPage: size, next: left.length > size && last ? String(last.id) : null };
}
