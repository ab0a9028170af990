/** Lists in pages: `page` from 1, `page_size`, and the whole address of the next one. */

import { type Answer, ok } from '../server/answer.ts';
import type { Arrival } from '../server/http-server.ts';
import { refused } from './refusals.ts';

/** Without `page_size`; the platform's own is not known. */
const usualSize = 10;
const largestSize = 1_000;

export function pageOf(
  { request, path, query }: Pick<Arrival, 'request' | 'path' | 'query'>,
  items: readonly unknown[],
): Answer {
  const size = Math.min(Number(query.get('page_size')) || usualSize, largestSize);
  const page = Number(query.get('page') ?? 1);
  const last = Math.max(1, Math.ceil(items.length / size));
  if (!Number.isInteger(page) || page < 1 || page > last) throw refused(404, 'Invalid page.');
  const addressOf = (wanted: number): string => {
    const url = new URL(path, `http://${request.headers.host}`);
    for (const [name, value] of query) if (name !== 'page') url.searchParams.append(name, value);
    url.searchParams.set('page', String(wanted));
    return url.href;
  };
  return ok({
    count: items.length,
    next: page < last ? addressOf(page + 1) : null,
    previous: page > 1 ? addressOf(page - 1) : null,
    results: items.slice((page - 1) * size, page * size),
  });
}
