/** What the manager's refusals mean to a user. */

import type { IncomingMessage } from 'node:http';
import * as z from 'zod/mini';
import { ownValue } from '../../../core/own-value.ts';
import { parseJson } from '../../../core/text/json.ts';
import { plainWords } from '../../../core/text/plain-words.ts';
import { BaiError, ConflictError, DeniedError, NotFoundError } from '../../../errors.ts';
import { retryAfterMs, retryFacts } from '../../../net/retry-after.ts';
import { meaningOfStatus, type StatusMeaning } from '../../../net/status-meaning.ts';
import { manager } from './manager-name.ts';

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
    detail: plainWords(
      agent?.exception ?? (typeof msg === 'string' ? msg : msg == null ? '' : JSON.stringify(msg)),
    ),
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
  const message = `cannot ${what}: ${said === '' ? unsaid(problem) : said}`;
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
  const retry = retryFacts(problem.status, retryAfterMs(response, now));
  return new Failure(message, {
    ...facts,
    ...(code !== undefined && { code }),
    hint: retry?.hint ?? hint,
    details: { ...facts.details, ...retry?.details },
  });
}

/** Who spoke is not known: a gateway's own page and a manager that says nothing look alike. */
function unsaid({ status, slug }: Problem): string {
  return slug === ''
    ? `the manager or a proxy before it answered ${status}`
    : `the manager answered ${status} (${slug})`;
}

const quota: StatusMeaning = {
  Failure: ConflictError,
  code: 'quota-exceeded',
  hint: 'terminate a session you no longer need, or ask for less with -r',
};
const bySlug: Readonly<Record<string, StatusMeaning>> = {
  'quota-exceeded': quota,
  'not-enough-permission': {
    Failure: DeniedError,
    code: 'forbidden',
    hint: 'your account lacks a role for it: ask an administrator',
  },
  'url-not-found': {
    Failure: NotFoundError,
    hint: 'this manager does not offer it, or the endpoint has a wrong path',
  },
  'session-already-exists': {
    Failure: ConflictError,
    code: 'session-exists',
    hint: 'choose another --name; one of this name is used again only when it was made from the same image, and without --no-reuse',
  },
};

const byStatus: Readonly<Record<number, StatusMeaning>> = {
  401: {
    Failure: DeniedError,
    code: 'auth-failed',
    hint: 'check accessKey and secretKey (`bai config list` shows where they come from), and that a proxy does not rewrite the host or path',
  },
  403: { Failure: DeniedError, code: 'forbidden', hint: 'ask the owner or an administrator' },
  404: { Failure: NotFoundError, hint: 'check the names; `bai session list --all` shows your sessions' },
  409: {
    Failure: ConflictError,
    hint: 'something of that kind is there already: choose another name, or end it first',
  },
  412: quota,
  500: {
    Failure: BaiError,
    code: 'server-error',
    hint: 'try again; if it persists, show this to an administrator',
  },
};

function meaningOf({ slug, status }: Problem): StatusMeaning {
  const known = ownValue(bySlug, slug) ?? byStatus[status] ?? meaningOfStatus(status, manager);
  return (
    known ?? { Failure: BaiError, code: 'refused', hint: 'correct what the manager names, and try again' }
  );
}

function slugOf(problem: Problem): Record<string, string> {
  return {
    ...(problem.slug && { type: problem.slug }),
    ...(problem.errorCode && { errorCode: problem.errorCode }),
  };
}

/** Managers up to 26.2 put what is wrong into `data`, field by field. */
function fieldErrors(data: unknown): string {
  if (typeof data === 'string') return plainWords(data);
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return '';
  const fields = Object.entries(data).filter(([, text]) => typeof text === 'string');
  return fields.map(([field, text]) => `${field}: ${plainWords(String(text))}`).join('; ');
}

/** How far the manager's clock is ahead of ours; 0 when it does not tell. */
function clockSkewSeconds(response: IncomingMessage, now: Date): number {
  const theirs = Date.parse(response.headers.date ?? '');
  return Number.isNaN(theirs) ? 0 : (theirs - now.getTime()) / 1000;
}
