/** The REST routes of sessions, but for creation and files. */

import {
  checkRole,
  forbidden,
  internalError,
  invalidField,
  invalidParams,
  notFound,
  Problem,
  urlNotFound,
} from '../model/problems.ts';
import { type Answer, ok } from '../server/answer.ts';
import type { Exchange, Machine, Route } from '../session/exchange.ts';
import { readParameters } from '../session/parameters.ts';
import type { Session } from '../session/session.ts';
import { createSession } from '../session/session-create.ts';
import { sessionInfo, shownPorts, timeText } from '../session/session-shapes.ts';
import { fileRoutes } from './file-routes.ts';

export function sessionRoutes(machine: Machine): readonly Route[] {
  const route = (
    method: string,
    path: string,
    handle: (machine: Machine, exchange: Exchange) => Answer | Promise<Answer>,
  ) => ({
    method,
    path,
    handle: (exchange: Exchange) => handle(machine, exchange),
  });
  return [
    route('POST', '/session', createSession),
    route('POST', '/session/_/create', createSession),
    route('GET', '/session/_/match', matchSessions),
    ...fileRoutes(machine),
    route('GET', '/session/{}', showSession),
    route('DELETE', '/session/{}', terminateSession),
    route('PATCH', '/session/{}', restartSession),
    route('GET', '/session/{}/logs', showLogs),
    route('POST', '/session/{}/rename', renameSession),
    route('GET', '/session/{}/status-history', showHistory),
    route('GET', '/stream/session/{}/apps', listApps),
  ];
}

/** The session of a stream path: some releases take only its name there. */
export function streamSession({ behaviour, sessions }: Machine, exchange: Exchange): Session {
  const reference = exchange.captured[0] ?? '';
  if (behaviour.streamByName && /^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(reference)) {
    throw new Problem(404, {
      slug: 'object-not-found',
      title: 'No such session.',
      code: 'session_read_not-found',
    });
  }
  return sessions.resolve(reference, exchange.account, { ownOnly: true });
}

/** Throws what a release says of an app stream into a session that does not run yet. */
export function checkHasKernel({ behaviour }: Machine, session: Session): void {
  if (session.home !== undefined && session.status !== 'ERROR') return;
  if (behaviour.entityErrors) {
    throw notFound('Entity not found.', 'Running session UUID does not exist.', 'session_read_not-found');
  }
  throw internalError();
}

function named({ sessions }: Machine, exchange: Exchange): Session {
  return sessions.resolve(exchange.captured[0] ?? '', exchange.account);
}

function showSession(machine: Machine, exchange: Exchange): Answer {
  return ok(sessionInfo(named(machine, exchange), machine.behaviour));
}

function matchSessions({ behaviour, sessions }: Machine, exchange: Exchange): Answer {
  checkRole(behaviour, exchange.account, 'read on session');
  const reference = readParameters(exchange, behaviour, 'query').allowOnly(['id']).requiredText('id');
  const matches = sessions.matching(reference, exchange.account);
  return ok({ matches: matches.map(({ id, name, status }) => ({ id, name, status })) });
}

function listApps(machine: Machine, exchange: Exchange): Answer {
  const session = streamSession(machine, exchange);
  if (session.home === undefined && !machine.behaviour.entityErrors) return ok([]);
  checkHasKernel(machine, session);
  return ok(shownPorts(session));
}

async function terminateSession(machine: Machine, exchange: Exchange): Promise<Answer> {
  const { behaviour, sessions } = machine;
  const keys = ['forced', 'recursive', 'owner_access_key'];
  const parameters = readParameters(exchange, behaviour, 'query').allowOnly(keys);
  const owner = ownerOf(machine, exchange, parameters.text('owner_access_key'));
  const session = sessions.resolve(exchange.captured[0] ?? '', owner, { deadIds: behaviour.newScheduler });
  const forced = parameters.flag(false, 'forced');
  if (behaviour.newScheduler) return ok(terminateLater(session));
  checkMayTerminate(session, forced);
  const pending = session.status === 'PENDING';
  await session.end(pending ? 'CANCELLED' : 'TERMINATED', forced ? 'force-terminated' : 'user-requested');
  const word = pending && behaviour.atLeast('24.03') ? 'cancelled' : 'terminated';
  const used = { current: '33.0', capacity: '1000', pct: '3.30', unit_hint: 'percent', 'stats.max': '33.0' };
  const stats = pending ? { status: word } : { cpu_util: used, version: 2, status: word };
  return ok(parameters.flag(false, 'recursive') ? [stats] : { stats });
}

/** From 25.13: answered before anything has ended. */
function terminateLater(session: Session): Record<string, unknown> {
  const { status } = session;
  if (!session.isLive || status === 'TERMINATING') return { stats: {} };
  const running = ['RUNNING', 'RUNNING_DEGRADED', 'ERROR', 'RESTARTING'].includes(status);
  void session.end(running ? 'TERMINATED' : 'CANCELLED', 'user-requested');
  return { stats: { status: running ? 'terminated' : 'cancelled' } };
}

function checkMayTerminate({ status }: Session, forced: boolean): void {
  if (status === 'PULLING') throw forbidden('Cannot destroy sessions in pulling status');
  const needsForce = ['SCHEDULED', 'PREPARING', 'PREPARED', 'CREATING', 'TERMINATING', 'ERROR'].includes(
    status,
  );
  if (needsForce && !forced) {
    throw forbidden('Cannot destroy sessions in scheduled/preparing/terminating/error status');
  }
}

function ownerOf({ accounts }: Machine, { account }: Exchange, wanted: string | undefined) {
  if (wanted === undefined || wanted === account.accessKey) return account;
  const owner = accounts.find(({ accessKey }) => accessKey === wanted);
  if (account.role === 'admin' && owner !== undefined) return owner;
  throw forbidden('Only admins can perform operations on behalf of other users.');
}

function restartSession(machine: Machine, exchange: Exchange): Answer {
  named(machine, exchange);
  if (!machine.behaviour.atLeast('26.4.4')) return { status: 204 };
  throw new Problem(501, {
    slug: 'not-implemented',
    title: 'This API is not implemented.',
    code: 'session_restart_not-implemented',
    msg: 'Session restart is no longer supported. Terminate the session and enqueue a new one instead.',
  });
}

function showLogs(machine: Machine, exchange: Exchange): Answer {
  const { behaviour, sessions } = machine;
  const keys = ['owner_access_key', ...(behaviour.atLeast('24.03.7') ? ['kernel_id'] : [])];
  const parameters = readParameters(exchange, behaviour, 'query').allowOnly(keys);
  const owner = ownerOf(machine, exchange, parameters.text('owner_access_key'));
  const session = sessions.resolve(exchange.captured[0] ?? '', owner, {
    deadIds: true,
    deadNames: !behaviour.atLeast('24.03'),
  });
  if (session.logs !== '' || session.home !== undefined) return ok({ result: { logs: session.logs } });
  if (!behaviour.entityErrors) throw internalError();
  throw notFound('Entity not found.', 'Kernel has not been assigned to an agent.', 'agent_read_not-found');
}

function renameSession({ behaviour, sessions }: Machine, exchange: Exchange): Answer {
  const keys = ['name', 'session_name', 'clientSessionToken'];
  const parameters = readParameters(exchange, behaviour, behaviour.renamePlace).allowOnly(keys);
  const name = parameters.requiredText(...keys);
  if (!behaviour.atLeast('26.3') && !/^(?=.{4,64}$)\w[\w.-]*\w$/.test(name)) {
    throw invalidField(behaviour, 'name', 'does not match pattern ^(?=.{4,64}$)\\w[\\w.-]*\\w$');
  }
  const deadNames = !behaviour.atLeast('24.03');
  const session = sessions.resolve(exchange.captured[0] ?? '', exchange.account, { deadNames });
  if (session.status !== 'RUNNING') throw invalidParams("Can't change name of not running session");
  const other = sessions.newestNamed(name, exchange.account.accessKey, { live: true });
  if (behaviour.atLeast('25.10') && other !== undefined && other !== session) {
    throw invalidParams(`Duplicate session name. Session(id:${other.id}) already has the name`);
  }
  session.name = name;
  return { status: 204 };
}

function showHistory(machine: Machine, exchange: Exchange): Answer {
  if (!machine.behaviour.atLeast('25.9')) throw urlNotFound(exchange.path);
  const session = named(machine, exchange);
  return ok(Object.fromEntries(session.history.map(([status, at]) => [status, timeText(at)])));
}
