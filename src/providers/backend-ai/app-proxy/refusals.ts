/** Why an app proxy opens no port, and what each reason means. */

import type { IncomingMessage } from 'node:http';
import * as z from 'zod/mini';
import type { SessionRef } from '../../../core/session/session.ts';
import { BaiError, ConflictError, DeniedError, ProtocolError, UnreachableError } from '../../../errors.ts';
import { readRefusal } from '../../../net/answer.ts';
import type { ServerName } from '../../../net/server-name.ts';
import { meaningOfStatus } from '../../../net/status-meaning.ts';
import { isProblem, type Problem, parseProblem } from '../manager/problem.ts';

export const appProxy: ServerName = {
  name: 'the app proxy',
  kind: 'the app proxy of a Backend.AI manager',
};

/** Whatever has chosen another way: a flag, a variable or a profile. */
export const throughManager =
  '`--via manager` goes through the manager, and so does BAI_VIA=manager for commands without that flag';

/** What the manager did not do; every other refusal is as it was. */
export function explainStart(error: unknown, session: SessionRef): unknown {
  if (!isProblem(error)) return error;
  const { status, slug } = error.cause;
  // A gateway before the manager has no such document.
  if (status === 503 && slug !== '') return noAppProxy(session, error);
  if (status !== 500 || slug !== 'internal-server-error') return error;
  return new BaiError(
    `the manager failed to ask the app proxy for a port to session ${session.name}; it does not say why`,
    {
      code: 'app-proxy-refused',
      hint: `the app proxy may have refused the manager, or be away: show this to an administrator; ${throughManager}`,
      details: { status },
      cause: error,
    },
  );
}

export function noAppProxy({ name }: SessionRef, cause?: unknown): BaiError {
  return new BaiError(`the resource group of session ${name} has no app proxy`, {
    code: 'no-app-proxy',
    hint: throughManager,
    cause,
  });
}

export interface ProxyCall {
  readonly session: SessionRef;
  readonly app: string;
  /** Whom the port is to be open to. */
  readonly rules: readonly string[] | undefined;
  readonly port: number | undefined;
  /** Whose answer it is. */
  readonly address: URL;
  readonly signal: AbortSignal;
}

/** Of an answer that is not 200. */
export async function refusalOf(response: IncomingMessage, call: ProxyCall): Promise<BaiError> {
  const status = response.statusCode ?? 0;
  const body = await readRefusal(response, { server: appProxy, signal: call.signal });
  const problem = parseProblem(status, body);
  return errorOf(problem, call);
}

function errorOf(problem: Problem, call: ProxyCall): BaiError {
  const { session, app, rules, port, address } = call;
  const { status, slug } = problem;
  const details = { status, ...(slug && { type: slug }) };
  const what = `${app} of session ${session.name}`;
  if (status === 400 && rules !== undefined && isAboutAddresses(problem)) {
    return new BaiError(`the app proxy does not take these addresses: ${rules.join(', ')}`, {
      code: 'addresses-refused',
      hint: 'name others with --allow-from, in CIDR notation',
      details,
    });
  }
  if (status === 409 && port !== undefined) {
    return new ConflictError(`the app proxy cannot open port ${port}: it is taken, or not one of its ports`, {
      code: 'gateway-port-taken',
      hint: 'choose another port, or leave out --port',
      details,
    });
  }
  if ([401, 403, 404].includes(status)) {
    const why = status === 404 ? 'does not know' : 'does not accept';
    return new DeniedError(
      `the app proxy at ${address.origin} ${why} the token that the manager gave for ${what}`,
      { code: 'app-proxy-token', hint: 'it may have been restarted: try again', details },
    );
  }
  if (status === 503 && slug !== '') {
    return new UnreachableError(`the app proxy has no worker with a free port for ${what}`, {
      code: 'no-proxy-worker',
      hint: `try again later, or ask an administrator; ${throughManager}`,
      details,
    });
  }
  return otherRefusal(problem, call, details);
}

function otherRefusal(
  { status, title, detail }: Problem,
  { session, app, address }: ProxyCall,
  details: Readonly<Record<string, unknown>>,
): BaiError {
  const said = [title, detail].filter((text) => text !== '').join(' ') || `status ${status}`;
  const message = `the app proxy at ${address.origin} opens no port to ${app} of session ${session.name}: ${said}`;
  if (status < 400) return new ProtocolError(message, { details, hint: throughManager });
  const { Failure, code, hint } = meaningOfStatus(status, appProxy) ?? {
    Failure: BaiError,
    code: status === 500 ? ('server-error' as const) : ('refused' as const),
    hint: `show this to an administrator; ${throughManager}`,
  };
  return new Failure(message, { ...(code !== undefined && { code }), hint, details });
}

const fieldErrorsSchema = z.object({
  errors: z.array(z.object({ loc: z.array(z.union([z.string(), z.number()])) })),
});

function isAboutAddresses({ data }: Problem): boolean {
  const parsed = fieldErrorsSchema.safeParse(data);
  return parsed.success && parsed.data.errors.some(({ loc }) => loc.includes('allowed_client_ips'));
}
