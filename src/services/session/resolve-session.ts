/** From what a user typed to one session, once; everything later goes by its id. */

import {
  isIdPrefix,
  isLive,
  isSessionId,
  type SessionRef,
  type SessionSummary,
} from '../../core/session/session.ts';
import type { SessionApi } from '../../core/session/session-api.ts';
import { similarNames } from '../../core/text/similar.ts';
import { BaiError, ConflictError, NotFoundError } from '../../errors.ts';

export interface ResolveDeps {
  readonly api: Pick<SessionApi, 'match' | 'list'> & Partial<Pick<SessionApi, 'describe'>>;
  readonly signal: AbortSignal;
  /** The access key whose sessions are meant; nothing for those of the caller. */
  readonly owner?: string | undefined;
}

/** The live session of this name or id, or of an id that begins so. Throws a NotFoundError that tells an ended one from a wrong name. */
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

/** Matches come newest first. An exact name or id goes before the beginning of an id. */
async function lookUp(
  reference: string,
  deps: ResolveDeps,
): Promise<{ live?: SessionRef; ended?: SessionRef }> {
  const exact = await deps.api.match(reference, deps.signal);
  const isExact = exact.length > 0 || !isIdPrefix(reference);
  const matches = isExact ? exact : await withIdPrefix(reference, deps);
  const [live, ...others] = matches.filter((match) => isLive(match.status));
  if (live !== undefined && others.length > 0) throw ambiguous(reference, [live, ...others], isExact);
  if (!isExact && matches.length > 1) throw ambiguous(reference, matches, isExact);
  const ended = matches.find((match) => !isLive(match.status));
  return { ...(live && { live }), ...(ended && { ended }) };
}

/** The live ones, or all when none of these is meant. */
async function withIdPrefix(prefix: string, { api, signal }: ResolveDeps): Promise<readonly SessionRef[]> {
  const start = prefix.toLowerCase();
  for (const statuses of ['live', 'all'] as const) {
    const sessions = await api.list({ statuses, owner: 'own' }, signal);
    const found = sessions.filter(({ id }) => isSessionId(id) && id.toLowerCase().startsWith(start));
    if (found.length > 0) return found;
  }
  return [];
}

function ambiguous(reference: string, sessions: readonly SessionRef[], isExact: boolean): ConflictError {
  const ids = sessions.map((session) => session.id);
  const what = isExact
    ? `${ids.length} sessions are called ${reference}`
    : `the ids of ${ids.length} sessions begin with ${reference}`;
  return new ConflictError(what, {
    code: 'session-ambiguous',
    hint: `give the id of one: ${sessions.map(({ id, name }) => (isExact ? id : `${id} (${name})`)).join(', ')}`,
    details: { ids },
  });
}

async function unknownSession(reference: string, deps: ResolveDeps): Promise<NotFoundError> {
  const { api, signal, owner } = deps;
  const [mine, theirs] = await Promise.all([
    api.list({ statuses: 'live', owner: 'own' }, signal),
    owner === undefined ? ofSomebodyElse(reference, deps) : undefined,
  ]);
  if (theirs !== undefined) return notYours(reference, theirs);
  const names = mine.map((session) => session.name);
  const near = similarNames(reference, names);
  const hint =
    near.length > 0
      ? `did you mean ${near.join(' or ')}?`
      : names.length > 0
        ? `${owner === undefined ? 'your sessions' : 'there are'}: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}`
        : owner === undefined
          ? 'you have no sessions: `bai session create IMAGE --name NAME` makes one'
          : 'they have no sessions: `bai session list --all-users` shows whose there are';
  return new NotFoundError(`there is no session ${reference} of ${owner ?? 'yours'}`, {
    code: 'session-not-found',
    hint,
  });
}

/** What only an administrator is shown. The failure is told in any case, so nothing here fails. */
async function ofSomebodyElse(
  reference: string,
  { api, signal }: ResolveDeps,
): Promise<SessionSummary | undefined> {
  try {
    if (isSessionId(reference)) return await api.describe?.(reference, signal);
    const byName = { statuses: 'live', owner: 'everyone', name: reference } as const;
    return (await api.list(byName, signal)).find(({ name }) => name === reference);
  } catch (error) {
    if (!(error instanceof BaiError)) throw error;
    signal.throwIfAborted();
    return undefined;
  }
}

function notYours(reference: string, { accessKey, id }: SessionSummary): NotFoundError {
  return new NotFoundError(`session ${reference} is not yours: it belongs to ${accessKey}`, {
    code: 'session-not-found',
    hint: `\`bai session list\`, \`info\`, \`logs\`, \`wait\` and \`terminate\` take \`--owner ${accessKey}\`; the manager lets only its owner inside`,
    details: { id, owner: accessKey },
  });
}
