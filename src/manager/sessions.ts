/** Sessions of a Backend.AI manager. The only place that spells URL paths, and where parameters go per release. */

import * as z from 'zod/mini';
import type { SessionRef, SessionSummary } from '../core/session.ts';
import { isSessionId } from '../core/session.ts';
import type {
  CreateRequest,
  ImageSummary,
  SessionApi,
  SessionListFilter,
  TerminateOptions,
} from '../core/session-api.ts';
import { BaiError, DeniedError, NotFoundError, ProtocolError } from '../errors.ts';
import type { Call, ManagerClient } from './client.ts';
import { createBody } from './create-body.ts';
import { sessionEvents } from './events.ts';
import { isProblem } from './problem.ts';
import { detailsQuery, imagesQuery, listQuery } from './queries.ts';
import { liveStatuses, streamReference } from './release.ts';
import * as schema from './schema.ts';
import { readSessionFile } from './session-files.ts';
import { detailsOf, summaryOf } from './session-row.ts';

export interface SessionApiOptions {
  readonly client: ManagerClient;
  /** The caller's own, for lists: without it an administrator sees everybody's sessions. */
  readonly accessKey: string | undefined;
  /** For an administrator: whose sessions are meant in place of the caller's own. */
  readonly owner?: string | undefined;
}

const pageSize = 100;
/** The server says how many there are; it must not keep bai asking for ever. */
const mostPages = 1_000;

export function createSessionApi({ client, accessKey, owner }: SessionApiOptions): SessionApi {
  const whose = owner ?? accessKey;
  return {
    create: (request, signal) => create(client, request, signal),
    async match(reference, signal) {
      if (owner !== undefined) return matchOf(owner, reference, { api: this, signal });
      const call = {
        what: `look for session ${reference}`,
        path: 'session/_/match',
        query: { id: reference },
      };
      const { matches } = await client.json({ method: 'GET', signal, ...call }, schema.matchesSchema);
      // An id goes into file names, host key names and arguments: whatever is not one is not a session.
      return matches.filter((match) => isSessionId(match.id));
    },
    async describe(id, signal) {
      const call: GraphqlCall = {
        what: `look for session ${id}`,
        query: detailsQuery,
        variables: { id },
        signal,
      };
      try {
        const row = await graphql(client, call, 'compute_session', z.nullable(schema.sessionRowSchema));
        return row === null ? undefined : detailsOf(row);
      } catch (error) {
        // Releases differ in how they say "not yours or not there": an empty answer, an error, a 403 or a 404.
        if (error instanceof NotFoundError || (isProblem(error) && error.cause.status === 403))
          return undefined;
        throw error;
      }
    },
    async list(filter, signal) {
      try {
        return await list(client, whose, { filter, signal });
      } catch (error) {
        if (filter.owner === 'own' || !(error instanceof BaiError) || error.code !== 'query-refused')
          throw error;
        throw new DeniedError(error.message, {
          code: 'forbidden',
          cause: error,
          hint: "other people's sessions are for administrators: leave --all-users and --owner away",
        });
      }
    },
    events: (session, signal) => sessionEvents(client, session, signal),
    async logs(session, signal) {
      const call = {
        what: `read the logs of ${session.name}`,
        path: `session/${encodeURIComponent(session.id)}/logs`,
        query: onBehalfOf(owner),
      };
      return (await client.json({ method: 'GET', signal, ...call }, schema.logsSchema)).result.logs;
    },
    async rename(session, name, signal) {
      const path = `session/${encodeURIComponent(session.id)}/rename`;
      await discard(client, {
        what: `rename ${session.name}`,
        method: 'POST',
        path,
        ...bothPlaces({ name }),
        signal,
      });
    },
    terminate: (session, options, signal) => terminate(client, session, { ...options, owner, signal }),
    images: (signal) => images(client, signal),
    async apps(session, signal) {
      const reference = encodeURIComponent(streamReference(await client.release(signal), session));
      const path = `stream/session/${reference}/apps`;
      return client.json(
        { what: `list the apps of ${session.name}`, method: 'GET', path, signal },
        schema.appsSchema,
      );
    },
    readFile: (session, path, signal) => readSessionFile(client, session, { path, signal }),
  };
}

/** Only administrators may send it, and not every call takes it. */
function onBehalfOf(owner: string | undefined): Readonly<Record<string, string>> {
  return owner === undefined ? {} : { owner_access_key: owner };
}

/** The manager's own call knows the sessions of the caller alone. */
async function matchOf(
  accessKey: string,
  reference: string,
  { api, signal }: { readonly api: Pick<SessionApi, 'describe' | 'list'>; readonly signal: AbortSignal },
): Promise<readonly SessionRef[]> {
  if (isSessionId(reference)) {
    const session = await api.describe(reference, signal);
    return session?.accessKey === accessKey ? [session] : [];
  }
  const named = await api.list({ statuses: 'all', owner: { accessKey }, name: reference }, signal);
  return named.filter(({ id, name }) => isSessionId(id) && name === reference);
}

/** POST parameters stand in the query and in the body: where they are read has moved between patch releases. */
function bothPlaces(parameters: Readonly<Record<string, string>>): Pick<Call, 'query' | 'body'> {
  return { query: parameters, body: parameters };
}

async function terminate(
  client: ManagerClient,
  session: SessionRef,
  { forced, recursive, owner, signal }: TerminateOptions & { owner: string | undefined; signal: AbortSignal },
): Promise<void> {
  const flags = { ...(forced && { forced: 'true' }), ...(recursive && { recursive: 'true' }) };
  const query = { ...flags, ...onBehalfOf(owner) };
  const path = `session/${encodeURIComponent(session.id)}`;
  try {
    await discard(client, { what: `terminate ${session.name}`, method: 'DELETE', path, query, signal });
  } catch (error) {
    if (forced || !(error instanceof DeniedError) || error.code !== 'forbidden') throw error;
    // Managers up to 25.12 refuse in some states, and the session may be the caller's all the same.
    throw new DeniedError(error.message, {
      code: error.code,
      cause: error,
      hint: `\`bai session terminate --forced ${session.name}\` also ends one that hangs in its state`,
    });
  }
}

async function discard(client: ManagerClient, call: Call): Promise<void> {
  (await client.open(call)).resume();
}

async function create(
  client: ManagerClient,
  request: CreateRequest,
  signal: AbortSignal,
): ReturnType<SessionApi['create']> {
  const call: Call = {
    what: 'create the session',
    method: 'POST',
    path: 'session',
    body: createBody(request),
    signal,
  };
  const made = await client.json(call, schema.createdSchema);
  if (!isSessionId(made.sessionId))
    throw new ProtocolError('cannot create the session: the manager gave it no valid id');
  return {
    id: made.sessionId,
    name: made.sessionName ?? request.name,
    status: made.status,
    created: made.created ?? true,
  };
}

async function list(
  client: ManagerClient,
  accessKey: string | undefined,
  { filter, signal }: { filter: SessionListFilter; signal: AbortSignal },
): Promise<SessionSummary[]> {
  const live = liveStatuses(await client.release(signal));
  const statuses = filter.statuses === 'live' ? live : filter.statuses;
  const owner =
    filter.owner === 'own' ? accessKey : filter.owner === 'everyone' ? undefined : filter.owner.accessKey;
  const found: SessionSummary[] = [];
  for (let offset = 0; offset < pageSize * mostPages; offset += pageSize) {
    const variables = {
      limit: pageSize,
      offset,
      ak: owner ?? null,
      status: statuses === 'all' ? null : statuses.join(','),
      // Other characters would have to be quoted in the language of the filter.
      filter: filter.name !== undefined && /^[\w.-]+$/.test(filter.name) ? `name == "${filter.name}"` : null,
    };
    const call: GraphqlCall = { what: 'list the sessions', query: listQuery, variables, signal };
    const page = await graphql(client, call, 'compute_session_list', schema.sessionListSchema);
    found.push(...page.items.map(summaryOf));
    if (page.items.length === 0 || found.length >= page.total_count) break;
  }
  return found;
}

async function images(client: ManagerClient, signal: AbortSignal): Promise<ImageSummary[]> {
  const call: GraphqlCall = { what: 'list the images', query: imagesQuery, variables: {}, signal };
  const rows = await graphql(client, call, 'images', schema.imagesSchema);
  return rows.map(({ registry, name, tag, architecture, aliases }) => ({
    reference: `${registry}/${name}:${tag}`,
    architecture,
    aliases,
  }));
}

interface GraphqlCall {
  readonly what: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

async function graphql<S extends z.ZodMiniType>(
  client: ManagerClient,
  { what, query, variables, signal }: GraphqlCall,
  field: string,
  expected: S,
): Promise<z.infer<S>> {
  const call: Call = {
    what,
    method: 'POST',
    path: 'admin/gql',
    body: { query, variables },
    readsOnly: true,
    signal,
  };
  const answer = await client.json(call, schema.graphqlSchema);
  const parsed = expected.safeParse(answer.data?.[field]);
  if (parsed.success && !answer.errors?.length) return parsed.data;
  const said = answer.errors?.map((error) => error.message).join('; ') ?? '';
  if (answer.errors?.length) {
    throw new BaiError(`cannot ${what}: ${said}`, {
      code: 'query-refused',
      hint: 'the manager refused the question: it may be for administrators, or a word in it is unknown to this release',
      details: { errors: said },
    });
  }
  throw new ProtocolError(`cannot ${what}: the manager's answer has not the expected form`, {
    hint: 'check that the endpoint is a Backend.AI manager; if it is, report this with its release',
    cause: parsed.error,
  });
}
