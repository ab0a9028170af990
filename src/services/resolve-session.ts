/** From what a user typed to one session, once; everything later goes by its id. */

import { isLive, type SessionRef } from '../core/session.ts';
import type { SessionApi } from '../core/session-api.ts';
import { similarNames } from '../core/similar.ts';
import { ConflictError, NotFoundError } from '../errors.ts';

export interface ResolveDeps {
  readonly api: Pick<SessionApi, 'match' | 'list'>;
  readonly signal: AbortSignal;
}

/** The live session of this name or id. Throws a NotFoundError that tells an ended one from a wrong name. */
export async function resolveLiveSession(reference: string, deps: ResolveDeps): Promise<SessionRef> {
  const { live, ended } = await lookUp(reference, deps);
  if (live) return live;
  if (ended) {
    throw new NotFoundError(`session ${reference} has ended (${ended.status})`, {
      code: 'session-ended',
      hint: `\`bai session logs ${ended.id}\` shows its output; \`bai session create\` makes a new one`,
      details: { id: ended.id, status: ended.status },
    });
  }
  throw await unknownSession(reference, deps);
}

/** As `resolveLiveSession`, but the newest ended session will do when there is no live one. */
export async function resolveAnySession(reference: string, deps: ResolveDeps): Promise<SessionRef> {
  const { live, ended } = await lookUp(reference, deps);
  const found = live ?? ended;
  if (found) return found;
  throw await unknownSession(reference, deps);
}

/** Matches come newest first. */
async function lookUp(
  reference: string,
  { api, signal }: ResolveDeps,
): Promise<{ live?: SessionRef; ended?: SessionRef }> {
  const matches = await api.match(reference, signal);
  const [live, ...others] = matches.filter((match) => isLive(match.status));
  if (live !== undefined && others.length > 0) throw ambiguous(reference, [live, ...others]);
  const ended = matches.find((match) => !isLive(match.status));
  return { ...(live && { live }), ...(ended && { ended }) };
}

function ambiguous(reference: string, sessions: readonly SessionRef[]): ConflictError {
  const ids = sessions.map((session) => session.id);
  return new ConflictError(`${ids.length} sessions are called ${reference}`, {
    code: 'session-ambiguous',
    hint: `give the id of one: ${ids.join(', ')}`,
    details: { ids },
  });
}

async function unknownSession(reference: string, { api, signal }: ResolveDeps): Promise<NotFoundError> {
  const mine = await api.list({ statuses: 'live', owner: 'own' }, signal);
  const names = mine.map((session) => session.name);
  const near = similarNames(reference, names);
  const hint =
    near.length > 0
      ? `did you mean ${near.join(' or ')}?`
      : names.length > 0
        ? `your sessions: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}`
        : 'you have no sessions: `bai session create IMAGE --name NAME` makes one';
  return new NotFoundError(`there is no session ${reference} of yours`, { code: 'session-not-found', hint });
}
