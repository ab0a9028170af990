/** What a web console does not pass on: why a tunnel does not open, and that a session has ended. */

import * as z from 'zod/mini';
import { noSuchApp } from '../../../core/session/no-such-app.ts';
import type { SessionRef } from '../../../core/session/session.ts';
import { typed } from '../../../core/text/typed.ts';
import { BaiError, NotFoundError } from '../../../errors.ts';
import type { ManagerClient } from '../manager/client.ts';
import { graphql } from '../manager/graphql.ts';
import { isProblem } from '../manager/problem.ts';
import { streamReference } from '../manager/release.ts';
import { appsSchema } from '../manager/schema.ts';
import { phaseOf } from '../manager/states.ts';
import type { HiddenEnd } from './hidden-end.ts';

interface Asked {
  readonly client: ManagerClient;
  readonly session: SessionRef;
  readonly app: string;
  readonly signal: AbortSignal;
}

/**
 * It answers 502 to all that the manager refuses: no such session, no such app, an app that does not start, and a manager that is
 * away. The list of the session's apps tells them apart.
 */
export async function explainBadGateway(refusal: BaiError, asked: Asked): Promise<unknown> {
  const { client, session, app, signal } = asked;
  try {
    const reference = encodeURIComponent(streamReference(await client.release(signal), session));
    const path = `stream/session/${reference}/apps`;
    const call = { what: `reach ${app} of session ${session.name}`, method: 'GET', path, signal } as const;
    const apps = await client.json(call, appsSchema);
    const names = apps.map(({ name }) => name);
    return names.includes(app)
      ? didNotStart(refusal, asked)
      : noSuchApp(session, app, { offered: names, cause: refusal });
  } catch (error) {
    if (!isProblem(error) || error.cause.status !== 404) return error;
    return new NotFoundError(`session ${session.name} is no longer there`, {
      code: 'session-not-found',
      hint: '`bai session list` shows the sessions that are',
      cause: error,
    });
  }
}

function didNotStart(cause: BaiError, { session, app }: Asked): BaiError {
  return new BaiError(`cannot reach ${app} of session ${session.name}: the manager could not start it`, {
    code: 'server-error',
    hint: `try again; \`${typed(['bai', 'session', 'logs', session.name])}\` may say more`,
    details: { status: 502 },
    cause,
  });
}

const statusSchema = z.nullable(z.object({ status: z.string() }));
const statusQuery = 'query($id:UUID!){ compute_session(id:$id){ status } }';

/** One question at a time, however many tunnels wait for its answer. */
export function hiddenEndOf(client: ManagerClient, { id, name }: SessionRef): HiddenEnd {
  let asking: Promise<boolean> | undefined;
  const isOver = async (signal: AbortSignal): Promise<boolean> => {
    const call = {
      ...{ what: `look for session ${name}`, query: statusQuery, variables: { id } },
      ...{ signal, isAside: true },
    };
    try {
      const found = await graphql(client, call, 'compute_session', statusSchema);
      return found === null || ['ended', 'cancelled'].includes(phaseOf(found.status));
    } catch (error) {
      if (signal.aborted) return false;
      if (!(error instanceof BaiError)) throw error;
      return error instanceof NotFoundError;
    }
  };
  return {
    isOver(signal) {
      asking ??= isOver(signal).finally(() => {
        asking = undefined;
      });
      return asking;
    },
  };
}
