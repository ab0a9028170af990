/** The calls of a web console itself, beside those that it passes on to the manager: signing in, staying in, leaving. */

import type { IncomingMessage } from 'node:http';
import * as z from 'zod/mini';
import { isLoginId, type LoginAnswer, type PasswordLogin } from '../../../core/session/sign-in.ts';
import { parseJson } from '../../../core/text/json.ts';
import { ProtocolError } from '../../../errors.ts';
import { urlBelow } from '../../../net/answer.ts';
import { acceptEncoding } from '../../../net/decode.ts';
import { readBody } from '../../../net/http.ts';
import type { Network } from '../../../net/network.ts';
import { redirected } from '../../../net/redirect.ts';
import { send } from '../../../net/send.ts';
import type { ServerName } from '../../../net/server-name.ts';
import { readLoginAnswer } from './login-answer.ts';
import { refusalOf, strangeAnswer } from './login-refused.ts';

interface ConsoleParts {
  /** What one types in the browser. */
  readonly endpoint: URL;
  readonly network: Network;
  readonly userAgent: string;
  readonly now: () => Date;
}

export interface ConsoleCalls {
  login(this: void, request: PasswordLogin, signal: AbortSignal): Promise<LoginAnswer>;
  /** Whether the login counts. */
  check(this: void, id: string, signal: AbortSignal): Promise<boolean>;
  /** More time, from now on; when it ends then. */
  extend(this: void, id: string, signal: AbortSignal): Promise<Date | undefined>;
  logout(this: void, id: string, signal: AbortSignal): Promise<void>;
}

export const webConsole: ServerName = { name: 'the web console', kind: 'a Backend.AI web console' };

export const loginHeader = 'X-BackendAI-SessionID';

/** Nothing of these answers is longer. */
const answerLimit = 1 << 20;

export function consoleCalls(parts: ConsoleParts): ConsoleCalls {
  return {
    async login({ email, password, code, force }, signal) {
      const body = {
        username: email,
        password,
        ...(code !== undefined && { otp: code }),
        ...(force && { force: true }),
      };
      const { response, text } = await post(parts, { what: 'sign in', path: 'server/login', body, signal });
      const answer = readLoginAnswer(response.statusCode ?? 0, text);
      if (answer.kind !== 'in') return refusalOf(answer, parts.endpoint.origin);
      const { accessKey, role } = answer;
      return {
        kind: 'in',
        login: { id: idOf(response), accessKey, role, endsAt: endOf(response, parts.now()) },
      };
    },
    async check(id, signal) {
      const { text } = await post(parts, { what: 'check the login', path: 'server/login-check', id, signal });
      const parsed = z.object({ authenticated: z.boolean() }).safeParse(parseJson(text));
      return parsed.success && parsed.data.authenticated;
    },
    async extend(id, signal) {
      const path = 'server/extend-login-session';
      const { text } = await post(parts, { what: 'prolong the login', path, id, signal });
      const parsed = z.object({ expires: z.string() }).safeParse(parseJson(text));
      return parsed.success ? dateOf(Date.parse(parsed.data.expires)) : undefined;
    },
    async logout(id, signal) {
      const { response, text } = await post(parts, { what: 'sign out', path: 'server/logout', id, signal });
      if (response.statusCode !== 200)
        throw strangeAnswer('sign out', parts.endpoint.origin, text.slice(0, 200));
    },
  };
}

interface Post {
  readonly what: string;
  readonly path: string;
  readonly body?: unknown;
  /** Of the login that it is about. */
  readonly id?: string;
  readonly signal: AbortSignal;
}

async function post(
  { endpoint, network, userAgent, now }: ConsoleParts,
  { what, path, body, id, signal }: Post,
): Promise<{ readonly response: IncomingMessage; readonly text: string }> {
  const headers = {
    'User-Agent': userAgent,
    'Content-Type': 'application/json',
    ...acceptEncoding,
    ...(id !== undefined && { [loginHeader]: id }),
  };
  const url = urlBelow(endpoint, path);
  const request = { what, method: 'POST', url, headers, body: JSON.stringify(body ?? {}), signal };
  const response = await send(request, { network, server: webConsole, isRepeatable: false, now });
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400) throw redirected(endpoint, response);
  const text = (await readBody(response, { limit: answerLimit, signal, server: webConsole })).toString();
  return { response, text };
}

function idOf({ headers }: IncomingMessage): string {
  const named = headers[loginHeader.toLowerCase()];
  const cookie = cookieOf(headers['set-cookie'])?.[1];
  const id = (typeof named === 'string' ? named : cookie) ?? '';
  if (isLoginId(id)) return id;
  throw new ProtocolError('cannot sign in: the web console accepted the password and gave no login', {
    hint: 'check that the endpoint is the address of the web console itself',
  });
}

/** Name, value and all behind. Its `expires` is no cookie date, so it goes by Max-Age. */
function cookieOf(cookies: readonly string[] | undefined): RegExpExecArray | undefined {
  const found = cookies?.map((each) => /^AIOHTTP_SESSION="?([^;"]*)"?(.*)$/is.exec(each));
  return found?.find((each) => each !== null) ?? undefined;
}

function endOf({ headers }: IncomingMessage, now: Date): Date | undefined {
  const seconds = /;\s*max-age=(\d{1,10})/i.exec(cookieOf(headers['set-cookie'])?.[2] ?? '')?.[1];
  return seconds === undefined ? undefined : dateOf(now.getTime() + Number(seconds) * 1000);
}

function dateOf(ms: number): Date | undefined {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
