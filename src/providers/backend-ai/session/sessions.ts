/** Sessions of a Backend.AI manager. The only place that spells URL paths, and where parameters go per release. */

import * as z from 'zod/mini';
import type { TerminateOptions } from '../../../core/session/provider.ts';
import type { SessionRef } from '../../../core/session/session.ts';
import { typed } from '../../../core/text/typed.ts';
import { BaiError, DeniedError, NotFoundError, ProtocolError } from '../../../errors.ts';
import type { Call, ManagerClient } from '../manager/client.ts';
import { type GraphqlCall, graphql } from '../manager/graphql.ts';
import { isProblem } from '../manager/problem.ts';
import { detailsQuery } from '../manager/queries.ts';
import { streamReference } from '../manager/release.ts';
import * as schema from '../manager/schema.ts';
import { isSessionId } from '../manager/states.ts';
import { imagesOf } from '../offers/images.ts';
import type { ComputeSessionDetails, ComputeSessionRequest, SessionCalls } from './compute-session.ts';
import { createBody } from './create-body.ts';
import { createChoices } from './create-choices.ts';
import { sessionEvents } from './events.ts';
import { readSessionFile } from './session-files.ts';
import { listSessions, matchInList, matchSessions } from './session-list.ts';
import { detailsOf } from './session-row.ts';

interface SessionCallsOptions {
  readonly client: ManagerClient;
  /** The caller's own, for lists: without it an administrator sees everybody's sessions. */
  readonly accessKey: string | undefined;
  /** For an administrator: whose sessions are meant in place of the caller's own. */
  readonly owner?: string | undefined;
  /** Hears that an answer is not whole. */
  readonly warn: (message: string, hint: string) => void;
}

export function createSessionCalls({ client, accessKey, owner, warn }: SessionCallsOptions): SessionCalls {
  const whose = owner ?? accessKey;
  return {
    create: (request, signal) => create(client, request, signal),
    match(reference, signal) {
      return owner === undefined
        ? matchSessions(client, { reference, accessKey, signal })
        : matchInList(client, { reference, accessKey: owner, signal });
    },
    describe: (id, signal) => describe(client, id, signal),
    async list(filter, signal) {
      try {
        return await listSessions(client, { accessKey: whose, filter, signal, warn });
      } catch (error) {
        if (filter.owner === 'own' || !(error instanceof BaiError) || error.code !== 'query-refused')
          throw error;
        throw new DeniedError(error.message, {
          code: 'forbidden',
          cause: error,
          hint: "other people's sessions are for administrators: omit --all-users and --owner",
        });
      }
    },
    events: (session, signal) => sessionEvents(client, session, signal),
    logs: (session, signal) => logs(client, session, { owner, signal }),
    async rename(session, name, signal) {
      const path = `session/${encodeURIComponent(session.id)}/rename`;
      await discard(client, {
        what: `rename ${session.name}`,
        method: 'POST',
        path,
        ...bothPlaces({ name }),
        doubt: { words: 'it may have its new name', hint: lookAt(session) },
        signal,
      });
    },
    terminate: (session, options, signal) => terminate(client, session, { ...options, owner, signal }),
    images: (signal) => imagesOf(client, signal),
    choices: (request, signal) => createChoices(client, request.project, signal),
    apps: (session, signal) =>
      client.byRelease(signal, (release) => {
        const reference = encodeURIComponent(streamReference(release, session));
        const path = `stream/session/${reference}/apps`;
        const what = `list the apps of ${session.name}`;
        return client.json({ what, method: 'GET', path, signal }, schema.appsSchema);
      }),
    readFile: (session, path, signal) => readSessionFile(client, session, { path, signal }),
  };
}

async function describe(
  client: ManagerClient,
  id: string,
  signal: AbortSignal,
): Promise<ComputeSessionDetails | undefined> {
  const what = `look for session ${id}`;
  const call: GraphqlCall = { what, query: detailsQuery, variables: { id }, signal };
  try {
    const row = await graphql(client, call, 'compute_session', z.nullable(schema.sessionRowSchema));
    return row === null ? undefined : detailsOf(row);
  } catch (error) {
    // Releases differ in how they say "not yours or not there": an empty answer, an error, a 403 or a 404.
    if (error instanceof NotFoundError || (isProblem(error) && error.cause.status === 403)) return undefined;
    throw error;
  }
}

async function logs(
  client: ManagerClient,
  session: SessionRef,
  { owner, signal }: { readonly owner: string | undefined; readonly signal: AbortSignal },
): Promise<string> {
  const call = {
    what: `read the logs of ${session.name}`,
    path: `session/${encodeURIComponent(session.id)}/logs`,
    query: onBehalfOf(owner),
    mostBytes: largestLogs,
  };
  return (await client.json({ method: 'GET', signal, ...call }, schema.logsSchema)).result.logs;
}

/** Only administrators may send it, and not every call takes it. */
function onBehalfOf(owner: string | undefined): Readonly<Record<string, string>> {
  return owner === undefined ? {} : { owner_access_key: owner };
}

/** Managers keep 10 MiB, in which each byte may be an escape of six. */
const largestLogs = 64 << 20;

/** POST parameters stand in the query and in the body: where they are read has moved between patch releases. */
function bothPlaces(parameters: Readonly<Record<string, string>>): Pick<Call, 'query' | 'body'> {
  return { query: parameters, body: parameters };
}

function lookAt({ id }: SessionRef): string {
  return `check with \`bai session info ${id}\``;
}

async function terminate(
  client: ManagerClient,
  session: SessionRef,
  { forced, recursive, owner, signal }: TerminateOptions & { owner: string | undefined; signal: AbortSignal },
): Promise<void> {
  const doubt = { words: 'it may end anyway', hint: lookAt(session) };
  const flags = { ...(forced && { forced: 'true' }), ...(recursive && { recursive: 'true' }) };
  const query = { ...flags, ...onBehalfOf(owner) };
  const path = `session/${encodeURIComponent(session.id)}`;
  try {
    await discard(client, {
      what: `terminate ${session.name}`,
      method: 'DELETE',
      path,
      query,
      doubt,
      signal,
    });
  } catch (error) {
    if (forced || !(error instanceof DeniedError) || error.code !== 'forbidden') throw error;
    // Managers up to 25.12 refuse in some states, and the session may be the caller's all the same.
    throw new DeniedError(error.message, {
      code: error.code,
      cause: error,
      hint: `\`${typed(['bai', 'session', 'terminate', '--force', session.name])}\` also ends one that hangs in its state`,
    });
  }
}

async function discard(client: ManagerClient, call: Call): Promise<void> {
  (await client.open(call)).resume();
}

async function create(
  client: ManagerClient,
  request: ComputeSessionRequest,
  signal: AbortSignal,
): ReturnType<SessionCalls['create']> {
  if (request.priority !== undefined && !(await client.release(signal)).atLeast(24, 9)) {
    throw new BaiError('this manager has no priorities: they came with release 24.09', {
      code: 'not-supported',
      hint: 'omit --priority',
    });
  }
  const call: Call = {
    what: 'create the session',
    method: 'POST',
    path: 'session',
    body: createBody(request),
    doubt: {
      words: `session ${request.name} may have been created`,
      hint: `\`${typed(['bai', 'session', 'wait', request.name])}\` tells, and --name ${request.name} takes it again`,
      details: { name: request.name },
    },
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
