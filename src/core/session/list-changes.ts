/** What has become of a list since the last look at it. */

import type { SessionSummary } from './session.ts';

interface SessionChange {
  /** `removed`: it is no longer among those that are listed, most likely because it has ended. */
  readonly event: 'added' | 'changed' | 'removed';
  readonly session: SessionSummary;
}

/** By id; `contentOf` says what counts as a change. */
export function changesBetween(
  before: readonly SessionSummary[],
  after: readonly SessionSummary[],
  contentOf: (session: SessionSummary) => string,
): readonly SessionChange[] {
  const known = new Map(before.map((session) => [session.id, session]));
  const left = new Set(after.map(({ id }) => id));
  const changes: SessionChange[] = [];
  for (const session of before) if (!left.has(session.id)) changes.push({ event: 'removed', session });
  for (const session of after) {
    const old = known.get(session.id);
    if (old === undefined) changes.push({ event: 'added', session });
    else if (contentOf(old) !== contentOf(session)) changes.push({ event: 'changed', session });
  }
  return changes;
}

/** All that `--json` has, but for the end that is expected: it moves on as long as a session is used. */
export function jsonContent(session: SessionSummary): string {
  return JSON.stringify({ ...session, endsAt: undefined });
}
