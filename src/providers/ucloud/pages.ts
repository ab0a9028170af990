/** Lists, which UCloud gives in pages. */

import * as z from 'zod/mini';
import { ProtocolError } from '../../errors.ts';
import type { Call, UcloudClient } from './client.ts';

/** UCloud gives no more than 1000, and jobs are large. */
const pageSize = '100';
const mostItems = 10_000;

/**
 * All items in UCloud's order. `next` goes back as it came: one that UCloud has not given means nothing to it, or worse. A
 * search has its parameters in the body, everything else in the query.
 */
export async function allPages<S extends z.ZodMiniType>(
  client: UcloudClient,
  call: Call,
  item: S,
): Promise<z.infer<S>[]> {
  const schema = z.object({ items: z.nullable(z.array(item)), next: z.optional(z.nullable(z.string())) });
  const items: z.infer<S>[] = [];
  const seen = new Set<string>();
  for (let next: string | undefined; ; ) {
    const page = await client.json(pageOf(call, next), schema);
    for (const each of page.items ?? []) items.push(each);
    // The last page of keys may be an empty one, and an empty text is no place to go on from.
    if (page.next === undefined || page.next === null || page.next === '') return items;
    if (seen.has(page.next)) throw endless(call, 'repeats a page of its list');
    if (items.length >= mostItems) throw endless(call, `lists more than ${mostItems} of them`);
    seen.add(page.next);
    next = page.next;
  }
}

function pageOf(call: Call, next: string | undefined): Call {
  if (call.method === 'GET')
    return { ...call, query: { itemsPerPage: pageSize, ...call.query, ...(next !== undefined && { next }) } };
  const asked = typeof call.body === 'object' ? call.body : {};
  return { ...call, body: { ...asked, itemsPerPage: Number(pageSize), ...(next !== undefined && { next }) } };
}

function endless({ what }: Call, does: string): ProtocolError {
  return new ProtocolError(`cannot ${what}: UCloud ${does}`, {
    code: 'answer-too-large',
    hint: 'check that the endpoint is a UCloud server; if it is, report this',
  });
}
