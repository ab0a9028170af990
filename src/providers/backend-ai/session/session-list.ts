/** Finding sessions: by name or id, and all of them. The server decides how many there are, and is not believed without end. */

import type { SessionListFilter } from '../../../core/session/provider.ts';
import type { SessionRef } from '../../../core/session/session.ts';
import { ProtocolError, UsageError } from '../../../errors.ts';
import type { ManagerClient } from '../manager/client.ts';
import { type GraphqlCall, graphql } from '../manager/graphql.ts';
import { checkIsManager } from '../manager/manager-name.ts';
import { isProblem } from '../manager/problem.ts';
import { listQuery, namesQuery } from '../manager/queries.ts';
import { liveStatuses, type Release } from '../manager/release.ts';
import { matchesSchema, namesSchema, sessionListSchema } from '../manager/schema.ts';
import { isSessionId } from '../manager/states.ts';
import type { ComputeSession } from './compute-session.ts';
import { summaryOf } from './session-row.ts';

interface MatchRequest {
  readonly reference: string;
  /** Of whose sessions it is: without it, for an administrator, of everybody's. */
  readonly accessKey: string | undefined;
  readonly signal: AbortSignal;
}

/** Those of the caller of exactly this name or id, newest first, ended ones included. */
export async function matchSessions(client: ManagerClient, request: MatchRequest): Promise<SessionRef[]> {
  const { reference, signal } = request;
  const call = {
    what: `look for session ${reference}`,
    method: 'GET',
    path: 'session/_/match',
    query: { id: reference },
    signal,
  } as const;
  // An id goes into file names, host key names and arguments: whatever is not one is not a session.
  try {
    return (await client.json(call, matchesSchema)).matches.filter((match) => isSessionId(match.id));
  } catch (error) {
    // Managers of 26.4 keep this call from accounts without a role, but not the list of their sessions.
    if (!isProblem(error) || error.cause.status !== 403) throw error;
    return await matchInList(client, request);
  }
}

/** The same by the list of sessions, which tells of other accounts too. No session has a name that cannot be written into a filter. */
export async function matchInList(
  client: ManagerClient,
  { reference, accessKey, signal }: MatchRequest,
): Promise<SessionRef[]> {
  if (!isPlain(reference)) return [];
  const field = isSessionId(reference) ? 'id' : 'name';
  const variables = { ak: accessKey ?? null, filter: `${field} == "${reference}"` };
  const call: GraphqlCall = { what: `look for session ${reference}`, query: namesQuery, variables, signal };
  const { items } = await graphql(client, call, 'compute_session_list', namesSchema);
  return items
    .map(({ session_id: id, name, status }) => ({ id: id ?? '', name, status }))
    .filter(({ id }) => isSessionId(id));
}

/** Other characters would have to be quoted in the language of the filter. */
function isPlain(reference: string): boolean {
  return /^[\w.-]+$/.test(reference);
}

interface ListRequest {
  /** The caller's own: without it an administrator sees everybody's sessions. */
  readonly accessKey: string | undefined;
  readonly filter: SessionListFilter;
  readonly signal: AbortSignal;
  readonly warn: (message: string, hint: string) => void;
}

const pageSize = 100;
const mostSessions = 10_000;
/** Of all pages together, counted as text. */
const mostBytes = 64 << 20;

/** Newest first. */
export async function listSessions(client: ManagerClient, request: ListRequest): Promise<ComputeSession[]> {
  const { filter, signal, warn } = request;
  const warnings: [string, string][] = [];
  const listed = await client.byRelease(signal, (release) => {
    warnings.length = 0;
    const statuses = statusesOf(filter, release);
    return listAll(client, { ...request, statuses, warn: (...words) => void warnings.push(words) });
  });
  for (const words of warnings) warn(...words);
  return listed;
}

interface ListAll extends ListRequest {
  readonly statuses: readonly string[] | 'all';
}

async function listAll(client: ManagerClient, request: ListAll): Promise<ComputeSession[]> {
  const { filter, statuses, signal, warn } = request;
  const found = new Map<string, ComputeSession>();
  let bytes = 0;
  for (let offset = 0; ; offset += pageSize) {
    const variables = {
      limit: pageSize,
      offset,
      ak: ownerOf(request) ?? null,
      status: statuses === 'all' ? null : statuses.join(','),
      filter: filter.name !== undefined && isPlain(filter.name) ? `name == "${filter.name}"` : null,
    };
    const call: GraphqlCall = { what: 'list the sessions', query: listQuery, variables, signal };
    const page = graphql(client, call, 'compute_session_list', sessionListSchema);
    const { items, total_count: total } = await page;
    const before = found.size;
    // A session that is made meanwhile moves the others on: some come twice.
    for (const item of items.map(summaryOf)) found.set(item.id, item);
    if (items.length === 0 || offset + items.length >= total) break;
    if (found.size === before) throw endless('repeats a page of its list');
    bytes += JSON.stringify(items).length;
    if (bytes > mostBytes) throw endless(`lists sessions in more than ${mostBytes} bytes`);
    if (found.size >= mostSessions) {
      warn(
        `only the newest ${found.size} sessions are listed, and there are ${total}`,
        'choose some with --status or --access-key',
      );
      break;
    }
  }
  return [...found.values()];
}

/** A release answers a word that it does not know with that word alone. */
function statusesOf({ statuses }: SessionListFilter, release: Release): readonly string[] | 'all' {
  if (statuses === 'all') return 'all';
  const live = liveStatuses(release);
  if (statuses === 'live') return live;
  const known = [...live, 'TERMINATED', 'CANCELLED'];
  const strange = statuses.find((word) => !known.includes(word));
  if (strange === undefined) return statuses;
  throw new UsageError(`a manager of release ${release.text} knows no state ${strange}`, {
    hint: `states: ${known.join(', ')}`,
  });
}

function ownerOf({ filter: { owner }, accessKey }: ListRequest): string | undefined {
  if (owner === 'everyone') return undefined;
  return owner === 'own' ? accessKey : owner.owner;
}

function endless(what: string): ProtocolError {
  return new ProtocolError(`cannot list the sessions: the manager ${what}`, {
    code: 'answer-too-large',
    hint: checkIsManager,
  });
}
