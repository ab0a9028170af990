/** What UCloud's refusals mean to a user. */

import type { IncomingMessage } from 'node:http';
import * as z from 'zod/mini';
import { parseJson } from '../../core/text/json.ts';
import { BaiError, ConflictError, DeniedError, NotFoundError, ProtocolError } from '../../errors.ts';
import { readRefusal } from '../../net/answer.ts';
import { retryAfterMs, retryFacts } from '../../net/retry-after.ts';
import type { ServerName } from '../../net/server-name.ts';
import { meaningOfStatus, type StatusMeaning } from '../../net/status-meaning.ts';
import { ucloud } from './server-name.ts';
import { tokenPage } from './token.ts';

export interface Problem {
  readonly status: number;
  /** UCloud's own words; empty when it says nothing, as where the provider of a machine is away. */
  readonly why: string;
  readonly errorCode: string;
  /** UCloud itself answered, and not a gateway before it. */
  readonly isUclouds: boolean;
}

const problemSchema = z.object({
  statusCode: z.number(),
  why: z.optional(z.nullable(z.string())),
  errorCode: z.optional(z.nullable(z.string())),
});

/** The status alone when the body is another one, breaks off or is not readable. */
export async function readProblem(response: IncomingMessage, signal: AbortSignal): Promise<Problem> {
  const status = response.statusCode ?? 0;
  const body = await readRefusal(response, { server: ucloud, signal });
  const parsed = problemSchema.safeParse(parseJson(body));
  if (!parsed.success) return { status, why: '', errorCode: '', isUclouds: false };
  const { why, errorCode } = parsed.data;
  return { status, why: (why ?? '').trim(), errorCode: errorCode ?? '', isUclouds: true };
}

/** A refusal, with what it came from, so that callers can tell one 403 from another. */
export function isProblem(error: unknown): error is BaiError & { readonly cause: Problem } {
  if (!(error instanceof BaiError)) return false;
  const { cause } = error;
  return typeof cause === 'object' && cause !== null && 'isUclouds' in cause;
}

/**
 * Whether a refusal leaves open what became of the request. UCloud's own 502 does not: the provider of the machine is away,
 * and what was begun is taken back.
 */
export function mayHaveActed({ status, isUclouds }: Problem): boolean {
  return status >= 500 && !(isUclouds && status === 502);
}

/** `what` completes "cannot …", e.g. `create the job`. */
export function refusalError(what: string, problem: Problem, response: IncomingMessage, now: Date): BaiError {
  const { Failure, code, hint } = meaningOf(problem);
  const { status, errorCode } = problem;
  const retry = retryFacts(status, retryAfterMs(response, now));
  return new Failure(`cannot ${what}: ${said(problem)}`, {
    cause: problem,
    hint: retry?.hint ?? hint,
    ...(code !== undefined && { code }),
    details: { status, ...(errorCode !== '' && { errorCode }), ...retry?.details },
  });
}

/** The credentials are to blame, whatever was asked for: UCloud says "Forbidden" for all of them. */
export function tokenRefused(what: string, problem: Problem): DeniedError {
  return new DeniedError(`cannot ${what}: UCloud does not accept the API token`, {
    code: 'auth-failed',
    cause: problem,
    hint: `it is wrong, has expired, or was revoked (UCloud does not say which): make a new one under ${tokenPage}`,
    details: { status: problem.status },
  });
}

function said({ status, why, isUclouds }: Problem): string {
  if (why !== '') return why;
  if (isUclouds && status === 502) return 'the provider of the machine does not answer';
  return isUclouds ? `UCloud answered ${status}` : `UCloud or a proxy before it answered ${status}`;
}

const byStatus: ReadonlyMap<number, StatusMeaning> = new Map<number, StatusMeaning>([
  [401, { Failure: DeniedError, code: 'auth-failed', hint: `make a new API token under ${tokenPage}` }],
  [
    402,
    {
      Failure: DeniedError,
      code: 'payment-required',
      hint: 'the workspace of this API token has no resources of that kind: apply for them in UCloud, choose another product, or use a token of another workspace',
    },
  ],
  [
    403,
    {
      Failure: DeniedError,
      code: 'forbidden',
      hint: 'an API token acts in the workspace it was made in: use one of another workspace, or ask who leads the project',
    },
  ],
  [404, { Failure: NotFoundError, hint: 'check the names; `bai session list --all` shows your jobs' }],
  [
    409,
    { Failure: ConflictError, hint: 'something of that kind is there already, or being changed: try again' },
  ],
  [
    500,
    {
      Failure: BaiError,
      code: 'server-error',
      hint: "try again; if it persists, show this to UCloud's support",
    },
  ],
]);

const otherAddress: StatusMeaning = {
  Failure: ProtocolError,
  code: 'not-a-manager',
  hint: 'check the endpoint: it is the address of a UCloud, such as https://cloud.sdu.dk',
};

const provider: ServerName = { name: 'a provider behind UCloud', kind: ucloud.kind };

function meaningOf({ status, isUclouds }: Problem): StatusMeaning {
  // What UCloud does not know at all, it answers in plain text; so does whatever else stands there.
  if ((status === 404 || status === 405) && !isUclouds) return otherAddress;
  const known = byStatus.get(status) ?? meaningOfStatus(status, isUclouds ? provider : ucloud);
  return known ?? { Failure: BaiError, code: 'refused', hint: 'correct what UCloud names, and try again' };
}
