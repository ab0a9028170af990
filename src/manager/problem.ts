/** What the manager's refusals and the network's failures mean to a user. */

import type { IncomingMessage } from 'node:http';
import * as z from 'zod/mini';
import { parseJson } from '../core/json.ts';
import {
  BaiError,
  ConflictError,
  DeniedError,
  type ErrorFacts,
  NotFoundError,
  ProtocolError,
  reasonOf,
  systemCode,
  UnreachableError,
} from '../errors.ts';

/** RFC 9457 as the manager writes it; `error_code` from 25.8, `agent-details` in place of `msg` for agent failures. */
export interface Problem {
  readonly status: number;
  /** Last part of `type`, e.g. `object-not-found`; empty when the body is no problem document. */
  readonly slug: string;
  readonly errorCode: string;
  readonly title: string;
  readonly detail: string;
  readonly data: unknown;
}

const problemSchema = z.object({
  type: z.optional(z.string()),
  title: z.optional(z.nullable(z.string())),
  msg: z.optional(z.nullable(z.unknown())),
  data: z.optional(z.unknown()),
  error_code: z.optional(z.nullable(z.string())),
  'agent-details': z.optional(z.nullable(z.object({ exception: z.optional(z.string()) }))),
});

export function parseProblem(status: number, body: string): Problem {
  const parsed = problemSchema.safeParse(parseJson(body));
  if (!parsed.success) return { status, slug: '', errorCode: '', title: '', detail: '', data: undefined };
  const { type, title, msg, data, error_code: errorCode, 'agent-details': agent } = parsed.data;
  return {
    status,
    slug: type?.split('/').pop() ?? '',
    errorCode: errorCode ?? '',
    title: title ?? '',
    detail: agent?.exception ?? (typeof msg === 'string' ? msg : msg == null ? '' : JSON.stringify(msg)),
    data,
  };
}

/** A refusal, with the problem document it came from, so that callers can tell one 404 from another. */
export function isProblem(error: unknown): error is BaiError & { readonly cause: Problem } {
  if (!(error instanceof BaiError)) return false;
  const { cause } = error;
  return typeof cause === 'object' && cause !== null && 'slug' in cause;
}

/** `what` completes "cannot …", e.g. `create the session`. */
export function refusalError(what: string, problem: Problem, response: IncomingMessage, now: Date): BaiError {
  const said = [problem.title, problem.detail, fieldErrors(problem.data)]
    .filter((text) => text !== '')
    .join(' ');
  const facts = { cause: problem, details: { status: problem.status, ...slugOf(problem) } };
  const message = `cannot ${what}: ${said === '' ? `the manager answered ${problem.status}` : said}`;
  const skew = clockSkewSeconds(response, now);
  if (problem.status < 500 && Math.abs(skew) > 14 * 60) {
    return new DeniedError(
      `cannot ${what}: this machine's clock is ${Math.round(Math.abs(skew) / 60)} minutes ${skew > 0 ? 'behind' : 'ahead of'} the manager's`,
      {
        ...facts,
        code: 'clock-skew',
        hint: 'set the clock (signed requests are valid for 15 minutes) and try again',
      },
    );
  }
  const { Failure, code, hint } = meaningOf(problem);
  return new Failure(message, { ...facts, ...(code !== undefined && { code }), hint });
}

interface Meaning {
  readonly Failure: new (message: string, facts: ErrorFacts) => BaiError;
  /** Nothing: the class's own. */
  readonly code?: string;
  readonly hint: string;
}

const quota: Meaning = {
  Failure: ConflictError,
  code: 'quota-exceeded',
  hint: 'terminate a session you no longer need, or ask for less with -r',
};
const unavailable: Meaning = {
  Failure: UnreachableError,
  code: 'unavailable',
  hint: 'the manager is down or in maintenance: try again later',
};
const notOffered: Meaning = {
  Failure: ProtocolError,
  code: 'not-supported',
  hint: 'this manager does not offer it',
};

const bySlug: Readonly<Record<string, Meaning>> = {
  'quota-exceeded': quota,
  'session-already-exists': {
    Failure: ConflictError,
    code: 'session-exists',
    hint: 'choose another --name, or use it with --reuse',
  },
};

const byStatus: Readonly<Record<number, Meaning>> = {
  401: {
    Failure: DeniedError,
    code: 'auth-failed',
    hint: 'check accessKey and secretKey (`bai config list` shows where they come from), and that a proxy does not rewrite the host or path',
  },
  403: { Failure: DeniedError, code: 'forbidden', hint: 'ask the owner or an administrator' },
  404: { Failure: NotFoundError, hint: 'check the names; `bai session list --all` shows your sessions' },
  405: notOffered,
  409: {
    Failure: ConflictError,
    hint: 'something of that kind is there already: choose another name, or end it first',
  },
  412: quota,
  429: { Failure: UnreachableError, code: 'rate-limited', hint: 'wait some minutes and try again' },
  501: notOffered,
  502: unavailable,
  503: unavailable,
  504: unavailable,
};

function meaningOf({ slug, status }: Problem): Meaning {
  const known = bySlug[slug] ?? byStatus[status];
  if (known !== undefined) return known;
  return status >= 500
    ? {
        Failure: BaiError,
        code: 'server-error',
        hint: 'try again; when it stays, show this to an administrator',
      }
    : { Failure: BaiError, code: 'refused', hint: 'correct what the manager names, and try again' };
}

function slugOf(problem: Problem): Record<string, string> {
  return {
    ...(problem.slug && { type: problem.slug }),
    ...(problem.errorCode && { errorCode: problem.errorCode }),
  };
}

/** Managers up to 26.2 put what is wrong into `data`, field by field. */
function fieldErrors(data: unknown): string {
  if (typeof data === 'string') return data;
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return '';
  const fields = Object.entries(data).filter(([, text]) => typeof text === 'string');
  return fields.map(([field, text]) => `${field}: ${text}`).join('; ');
}

/** How far the manager's clock is ahead of ours; 0 when it does not tell. */
function clockSkewSeconds(response: IncomingMessage, now: Date): number {
  const theirs = Date.parse(response.headers.date ?? '');
  return Number.isNaN(theirs) ? 0 : (theirs - now.getTime()) / 1000;
}

const certificateCodes: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its chain has a self-signed certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its issuer is not known',
  UNABLE_TO_GET_ISSUER_CERT: 'its issuer is not known',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its issuer is not known',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it was made for another host name',
};

const networkCodes: Readonly<Record<string, readonly [string, string]>> = {
  ECONNREFUSED: ['nothing listens there', 'check the endpoint, and that the manager runs'],
  ENOTFOUND: ['the host name is not known', 'check the endpoint for a typing error, and your DNS or VPN'],
  EAI_AGAIN: ['the name server does not answer', 'check your network or VPN'],
  ETIMEDOUT: ['no answer', 'check your network (VPN, proxy, firewall)'],
  EHOSTUNREACH: ['no route to the host', 'check your network or VPN'],
  ENETUNREACH: ['no route to the network', 'check your network or VPN'],
  ECONNRESET: ['the connection was cut', 'try again; when it stays, look for a proxy or firewall in between'],
  EPIPE: ['the connection was cut', 'try again; when it stays, look for a proxy or firewall in between'],
  EPROTO: ['the TLS handshake failed', 'check whether the endpoint is http:// or https://'],
};

/** A failure to get any answer from `url`. Anything it does not know is returned as it is. */
export function networkError(error: unknown, url: URL): unknown {
  if (error instanceof BaiError) return error;
  // Node's own error for an aborted request has the signal's reason as its cause.
  if (error instanceof Error && error.name === 'AbortError' && error.cause instanceof Error)
    return reasonOf(AbortSignal.abort(error.cause));
  const code = nodeCode(error);
  const certificate = certificateCodes[code];
  if (certificate !== undefined) {
    return new UnreachableError(`the TLS certificate of ${url.host} is not trusted: ${certificate}`, {
      code: 'tls',
      cause: error,
      hint: "give your organisation's CA with NODE_EXTRA_CA_CERTS=FILE; a test server can be used with BAI_SKIP_TLS_VERIFY=yes",
    });
  }
  const [what, hint] =
    networkCodes[code] ??
    (/^(HPE_|ERR_SSL|ERR_TLS|ERR_HTTP)/.test(code)
      ? ['it does not speak HTTP as expected', 'check whether the endpoint is http:// or https://']
      : []);
  if (what === undefined) return error;
  return new UnreachableError(`cannot reach the manager at ${url.origin}: ${what} (${code})`, {
    cause: error,
    ...(hint !== undefined && { hint }),
  });
}

function nodeCode(error: unknown): string {
  const known = systemCode(error);
  if (known !== undefined) return known;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
