/** `bai session list`: which sessions, in which order. */

import { type FieldFilter, fits, isSameStatus } from '../../core/session/list-filter.ts';
import { type SortKey, sortSessions } from '../../core/session/list-sort.ts';
import type { SessionListFilter } from '../../core/session/provider.ts';
import type { SessionSummary } from '../../core/session/session.ts';
import type { SessionTools } from './session-tools.ts';

export interface ListRequest {
  /** What the platform is asked for. */
  readonly filter: SessionListFilter;
  readonly fields: readonly FieldFilter[];
  readonly sort: readonly SortKey[];
}

export async function listSessions(
  { filter, fields, sort }: ListRequest,
  { provider, signal }: Pick<SessionTools, 'provider' | 'signal'>,
): Promise<readonly SessionSummary[]> {
  const sessions = await provider.list(filter, signal);
  const wanted = sessions.filter((session) => hasStatus(session, filter) && fits(session, fields));
  return sortSessions(wanted, sort, provider.listing);
}

/** Not every platform can be asked for one state alone. */
function hasStatus({ status }: SessionSummary, { owner, statuses }: SessionListFilter): boolean {
  return (
    owner !== 'own' || typeof statuses === 'string' || statuses.some((wanted) => isSameStatus(wanted, status))
  );
}
