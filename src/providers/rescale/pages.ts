/** Lists of the platform, which come in pages. It decides how many there are, and is not believed without end. */

import type * as z from 'zod/mini';
import { ProtocolError } from '../../errors.ts';
import type { RescaleCall, RescaleClient } from './client.ts';
import { pageSchema } from './schema.ts';

interface PagedCall extends Pick<RescaleCall, 'what' | 'path' | 'signal'> {
  readonly query?: Readonly<Record<string, string>>;
}

export interface Listed<T> {
  readonly items: readonly T[];
  /** There are more, which were not asked for. */
  readonly isCut: boolean;
}

const pageSize = '100';
const mostItems = 10_000;
/** Of all pages together, counted as text. */
const mostBytes = 64 << 20;

type Query = Readonly<Record<string, string>>;

/** All pages; entries that have not the form are left out. */
export async function readPages<S extends z.ZodMiniType>(
  client: RescaleClient,
  { query, ...call }: PagedCall,
  schema: S,
): Promise<Listed<z.infer<S>>> {
  const raw: unknown[] = [];
  const seen = new Set<string>();
  let bytes = 0;
  let page: Query | undefined = { ...query, page_size: pageSize };
  while (page !== undefined && raw.length < mostItems) {
    seen.add(JSON.stringify(page));
    const answer: z.infer<typeof pageSchema> = await client.json(
      { ...call, method: 'GET', query: page },
      pageSchema,
    );
    raw.push(...answer.results);
    bytes += JSON.stringify(answer.results).length;
    if (bytes > mostBytes) throw endless(call.what, `lists more than ${mostBytes} bytes`);
    // A page without an entry is the last, whatever it says.
    page = answer.next && answer.results.length > 0 ? queryOf(client, call, answer.next) : undefined;
    if (page !== undefined && seen.has(JSON.stringify(page)))
      throw endless(call.what, 'repeats a page of its list');
  }
  const items = raw.slice(0, mostItems).flatMap((each) => {
    const parsed = schema.safeParse(each);
    return parsed.success ? [parsed.data] : [];
  });
  return { items, isCut: page !== undefined || raw.length > mostItems };
}

/**
 * The query of the next page. Its address is the server's word, and the key goes nowhere by that: only what is of the same host
 * and path is followed, to the address that the key is for. A proxy may have made http of https, and some pages have no slash.
 */
function queryOf(client: RescaleClient, { what, path }: PagedCall, next: string): Query {
  const own = client.urlOf(path);
  const url = URL.canParse(next, own.href) ? new URL(next, own.href) : undefined;
  if (url === undefined || url.host !== own.host || withSlash(url.pathname) !== own.pathname)
    throw new ProtocolError(
      `cannot ${what}: Rescale names a next page somewhere else, which is not followed`,
      {
        hint: `check that ${own.origin} is Rescale's platform, and that no gateway in between rewrites addresses`,
      },
    );
  return Object.fromEntries(url.searchParams);
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

function endless(what: string, how: string): ProtocolError {
  return new ProtocolError(`cannot ${what}: Rescale ${how}`, {
    code: 'answer-too-large',
    hint: "try again; if it persists, show this to Rescale's support",
  });
}
