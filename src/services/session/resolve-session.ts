/** From what a user typed to one session, once; everything later goes by its id. */

import type { ForeignSession } from '../../core/session/provider.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { similarNames } from '../../core/text/similar.ts';
import { BaiError, ConflictError, NotFoundError } from '../../errors.ts';
import { afterEnd, isLive } from './session-end.ts';
import type { SessionTools } from './session-tools.ts';

type ResolveTools = Pick<SessionTools, 'provider' | 'signal' | 'owner'>;

/** The live session of this name or id, or of an id that begins so. Throws a NotFoundError that tells an ended one from a wrong name. */
export async function resolveLiveSession(reference: string, tools: ResolveTools): Promise<SessionRef> {
  const { live, ended } = await lookUp(reference, tools);
  if (live) return live;
  if (ended) {
    throw new NotFoundError(`session ${reference} has ended (${ended.status})`, {
      code: 'session-ended',
      ...afterEnd(ended.id, tools.provider),
      details: { id: ended.id, status: ended.status },
    });
  }
  throw await unknownSession(reference, tools);
}

/** As `resolveLiveSession`, but the newest ended session will do when there is no live one. */
export async function resolveAnySession(reference: string, tools: ResolveTools): Promise<SessionRef> {
  const { live, ended } = await lookUp(reference, tools);
  const found = live ?? ended;
  if (found) return found;
  throw await unknownSession(reference, tools);
}

/** Matches come newest first. An exact name or id goes before the beginning of an id. */
async function lookUp(
  reference: string,
  tools: ResolveTools,
): Promise<{ live?: SessionRef; ended?: SessionRef }> {
  const { provider } = tools;
  const exact = await provider.find(reference, tools.signal);
  const isExact = exact.length > 0 || !provider.isIdPrefix(reference);
  const matches = (isExact ? exact : await withIdPrefix(reference, tools)).map(refOf);
  const [live, ...others] = matches.filter((match) => isLive(match.status, provider));
  if (live !== undefined && others.length > 0) throw ambiguous(reference, [live, ...others], isExact);
  if (!isExact && matches.length > 1) throw ambiguous(reference, matches, isExact);
  const ended = matches.find((match) => !isLive(match.status, provider));
  return { ...(live && { live }), ...(ended && { ended }) };
}

/** What a platform tells beyond that would come out in answers that name the session. */
function refOf({ id, name, status, node }: SessionRef): SessionRef {
  return { id, name, status, ...(node !== undefined && { node }) };
}

/** The live ones, or all when none of these is meant. */
async function withIdPrefix(
  prefix: string,
  { provider, signal }: ResolveTools,
): Promise<readonly SessionRef[]> {
  for (const statuses of ['live', 'all'] as const) {
    const sessions = await provider.list({ statuses, owner: 'own' }, signal);
    const found = sessions.filter(({ id }) => provider.isId(id) && startsWith(id, prefix, provider));
    if (found.length > 0) return found;
  }
  return [];
}

/** In either case, unless ids that differ in nothing else are two. */
function startsWith(id: string, prefix: string, { idsHaveCase }: ResolveTools['provider']): boolean {
  return idsHaveCase === true ? id.startsWith(prefix) : id.toLowerCase().startsWith(prefix.toLowerCase());
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

async function unknownSession(reference: string, tools: ResolveTools): Promise<NotFoundError> {
  const { provider, signal, owner } = tools;
  const [mine, theirs] = await Promise.all([
    provider.list({ statuses: 'live', owner: 'own' }, signal),
    owner === undefined ? foreign(reference, tools) : undefined,
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
          ? `you have no sessions: \`bai session create ${provider.listing.subject ?? 'WHAT'} --name NAME\` makes one`
          : 'they have no sessions: `bai session list --all-users` shows whose there are';
  const who = owner === undefined ? '' : `${owner} has `;
  return new NotFoundError(`${who}no session named ${reference}`, {
    code: 'session-not-found',
    hint,
  });
}

/** The failure is told in any case, so nothing here fails. */
async function foreign(
  reference: string,
  { provider, signal }: ResolveTools,
): Promise<ForeignSession | undefined> {
  try {
    return await provider.ownerOf?.(reference, signal);
  } catch (error) {
    if (!(error instanceof BaiError)) throw error;
    signal.throwIfAborted();
    return undefined;
  }
}

function notYours(reference: string, { id, owner, hint }: ForeignSession): NotFoundError {
  return new NotFoundError(`session ${reference} is not yours: it belongs to ${owner}`, {
    code: 'session-not-found',
    hint,
    details: { id, owner },
  });
}
