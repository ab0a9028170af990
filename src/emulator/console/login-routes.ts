/** `/server/...`: logging in and out, and what the web server itself knows of a login. */

import { parseJson } from '../../core/text/json.ts';
import type { Account } from '../model/accounts.ts';
import { type Answer, ok } from '../server/answer.ts';
import { type Arrival, readBody } from '../server/http-server.ts';
import { loginCookie, loginOf } from './caller.ts';
import { isoTime } from './clock.ts';
import { accountOf, type Desk, handedOut } from './desk.ts';
import { decodeBody } from './encoded-body.ts';
import type { Login } from './logins.ts';
import { textAnswer } from './page.ts';
import { managerAway, mismatch, type RefusedSignIn, refusal, tooManyLogins } from './refusals.ts';
import { refusedSignIn } from './sign-in.ts';

type Handle = (desk: Desk, arrival: Arrival) => Answer | Promise<Answer>;

export const loginRoutes: Readonly<Record<string, Handle>> = {
  '/server/login': logIn,
  '/server/login-check': checkLogin,
  '/server/extend-login-session': extendLogin,
  '/server/logout': logOut,
  '/server/update-password-no-auth': updatePassword,
};

async function logIn(desk: Desk, { request }: Arrival): Promise<Answer> {
  const known = loginOf(request, desk.logins);
  if (known?.account !== undefined) {
    return refusal(400, 'generic-bad-request', { title: 'You have already logged in.' });
  }
  const body = (await readBody(request))?.toString('utf8') ?? '';
  const isEncoded = request.headers['x-backendai-encoded'] === 'true';
  const plain = isEncoded ? decodeBody(body, request.headers.host ?? '') : body;
  if (plain === undefined) return inTrouble();
  const { username, password, otp, force } = fieldsOf(plain);
  if (!username) return missing('username');
  if (!password) return missing('password');
  if (desk.failed.isBlocked(username)) {
    return refusal(429, 'too-many-requests', { title: 'Too many failed login attempts' });
  }
  if (!(await desk.isManagerThere())) return managerAway(desk.behaviour);
  const account = accountOf(desk, username);
  if (account === undefined) return refuseLogin(desk, { reason: mismatch(), username, known });
  const reason =
    refusedSignIn(account.signIn, { password, otp: otp ?? '' }) ?? makeRoom(desk, account, force === 'true');
  if (reason !== undefined) return refuseLogin(desk, { reason, username, known });
  desk.failed.forget(username);
  // Always another id: that of a refusal which was sent along is nobody's.
  const login = desk.logins.open(account);
  return { ...ok({ authenticated: true, data: shown(account) }), headers: handedOut(desk, login) };
}

interface Refusing {
  readonly reason: RefusedSignIn;
  readonly username: string;
  readonly known: Login | undefined;
}

function refuseLogin(desk: Desk, { reason, username, known }: Refusing): Answer {
  if (reason.isFailure) desk.failed.add(username);
  const status = desk.behaviour.refusesLoginsByStatus ? reason.status : 200;
  const login = desk.logins.open(undefined, known?.id);
  return {
    ...ok({ authenticated: false, data: reason.data }, status),
    headers: handedOut(desk, login),
  };
}

/** Ends the oldest logins where that is wanted. */
function makeRoom(desk: Desk, account: Account, force: boolean): RefusedSignIn | undefined {
  const most = account.signIn?.maxLogins ?? Number.POSITIVE_INFINITY;
  const live = desk.logins.of(account);
  if (live.length < most) return undefined;
  if (!force) return tooManyLogins();
  for (const login of live.slice(0, live.length - most + 1)) desk.logins.close(login);
  return undefined;
}

function checkLogin({ logins }: Desk, { request }: Arrival): Answer {
  const login = loginOf(request, logins);
  return ok({
    authenticated: login?.account !== undefined,
    data: login?.account === undefined ? null : shown(login.account),
    session_id: login?.id ?? null,
  });
}

/** Answers in the same way to whoever is not logged in. */
function extendLogin(desk: Desk, { request }: Arrival): Answer {
  const login = loginOf(request, desk.logins);
  const extended = login === undefined ? desk.logins.open(undefined) : desk.logins.extend(login);
  return {
    ...ok({ status: 201, expires: isoTime(extended.expiresAt) }),
    headers: handedOut(desk, extended),
  };
}

function logOut(desk: Desk, { request }: Arrival): Answer {
  const login = loginOf(request, desk.logins);
  const body: Answer = desk.behaviour.refusesLoginsByStatus ? { status: 200 } : textAnswer(200, '200: OK');
  if (login === undefined) return { ...body, headers: handedOut(desk, desk.logins.open(undefined)) };
  desk.logins.close(login);
  const emptied = `${loginCookie}=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/`;
  return { ...body, headers: { 'Set-Cookie': emptied } };
}

async function updatePassword(desk: Desk, { request }: Arrival): Promise<Answer> {
  const body = (await readBody(request))?.toString('utf8') ?? '';
  const { username, current_password: current, new_password: wanted } = fieldsOf(body);
  if (!username) return missing('username');
  if (!current) return missing('current_password');
  if (!wanted) return missing('new_password');
  const account = accountOf(desk, username);
  if (account === undefined || account.signIn.password !== current)
    return unchanged('User credential mismatch.');
  if (wanted === current) return unchanged('Cannot update to the same password as an existing password.');
  const { passwordExpiredAt: _over, ...rest } = account.signIn;
  account.signIn = { ...rest, password: wanted };
  return ok({
    data: null,
    password_changed_at: new Date(desk.clock.now).toISOString().replace('Z', '000+00:00'),
  });
}

function unchanged(details: string): Answer {
  return ok({ data: mismatch(details).data, password_changed_at: null }, 401);
}

function shown(account: Account): object {
  return { access_key: account.accessKey, role: account.role, status: 'active' };
}

function missing(field: string): Answer {
  return refusal(400, 'invalid-api-params', { title: `You must provide the ${field} field.` });
}

/** What is no JSON has no fields. */
function fieldsOf(body: string): Readonly<Record<string, string | undefined>> {
  const parsed = parseJson(body);
  if (typeof parsed !== 'object' || parsed === null) return {};
  const texts = Object.entries(parsed).filter(([, value]) => typeof value === 'string' || value === true);
  return Object.fromEntries(texts.map(([name, value]) => [name, String(value)]));
}

function inTrouble(): Answer {
  return textAnswer(500, '500 Internal Server Error\n\nServer got itself in trouble');
}
