/** What the platform's refusals mean to a user. Only its clients are public: what stands in a body is shown, never decided by. */

import type { IncomingMessage } from 'node:http';
import { parseJson } from '../../core/text/json.ts';
import { BaiError, ConflictError, DeniedError, NotFoundError } from '../../errors.ts';
import { retryAfterMs, retryFacts } from '../../net/retry-after.ts';
import { meaningOfStatus, type StatusMeaning } from '../../net/status-meaning.ts';
import { rescale } from './rescale-name.ts';

interface Refusal {
  /** Completes "cannot …". */
  readonly what: string;
  readonly status: number;
  readonly body: string;
  readonly now: Date;
}

export function refusalError(response: IncomingMessage, { what, status, body, now }: Refusal): BaiError {
  const said = wordsOf(body);
  const speaker = status >= 500 ? 'Rescale or a proxy before it' : 'Rescale';
  const { Failure, code, hint } = byStatus[status] ?? meaningOfStatus(status, rescale) ?? otherwise;
  const retry = retryFacts(status, retryAfterMs(response, now));
  return new Failure(`cannot ${what}: ${said === '' ? `${speaker} answered ${status}` : said}`, {
    ...(code !== undefined && { code }),
    hint: retry?.hint ?? hint,
    details: { status, ...retry?.details },
  });
}

const byStatus: Readonly<Record<number, StatusMeaning>> = {
  401: {
    Failure: DeniedError,
    code: 'auth-failed',
    hint: 'the API key is wrong, was deleted, or is for another platform (each region has its own): make one in User Profile Settings, API, and `bai login` with it',
  },
  402: {
    Failure: DeniedError,
    code: 'payment-required',
    hint: 'ask the administrator of your workspace for budget',
  },
  403: {
    Failure: DeniedError,
    code: 'forbidden',
    hint: 'your workspace may not allow it, or only from other addresses than yours: ask its administrator',
  },
  404: { Failure: NotFoundError, hint: 'check the id; it is case-sensitive' },
  409: { Failure: ConflictError, hint: 'look at the job, and try again' },
  500: {
    Failure: BaiError,
    code: 'server-error',
    hint: "try again; if it persists, show this to Rescale's support",
  },
};

const otherwise: StatusMeaning = {
  Failure: BaiError,
  code: 'refused',
  hint: 'correct what Rescale names, and try again',
};

const longestWords = 1_000;
const deepest = 6;

/** `{"detail": "…"}`, or messages by field, below each other. Empty for a page of HTML, and for no words at all. */
function wordsOf(body: string): string {
  const words = spoken(parseJson(body), deepest).join('; ');
  return words.length > longestWords ? `${words.slice(0, longestWords)}…` : words;
}

function spoken(value: unknown, depth: number): string[] {
  if (typeof value === 'string') return value.trim() === '' ? [] : [value.trim().replace(/\.$/, '')];
  if (typeof value !== 'object' || value === null || depth === 0) return [];
  if (Array.isArray(value)) return value.slice(0, 20).flatMap((each) => spoken(each, depth - 1));
  return Object.entries(value)
    .slice(0, 20)
    .flatMap(([field, inside]) => {
      const words = spoken(inside, depth - 1);
      return speaksForAll.has(field) ? words : words.map((each) => `${field}: ${each}`);
    });
}

const speaksForAll: ReadonlySet<string> = new Set(['detail', 'non_field_errors', 'message', 'error']);
