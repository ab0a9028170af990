/** What a web console says to e-mail and password. Facts: docs/protocol-notes.md. */

import * as z from 'zod/mini';
import { parseJson } from '../../../core/text/json.ts';
import { plainWords } from '../../../core/text/plain-words.ts';

/** Why nobody is signed in. */
export type LoginRefusal =
  /** Wrong e-mail, wrong password, or an account that is inactive: the server does not tell which. */
  | 'mismatch'
  | 'unverified'
  | 'password-expired'
  | 'code-needed'
  | 'code-wrong'
  /** The account has to set up a second factor first, in a browser. */
  | 'code-setup'
  /** Too many wrong passwords for this e-mail: the right one is refused too. */
  | 'blocked'
  /** The account has as many logins as it may; `force` ends the oldest. */
  | 'too-many-logins'
  | 'already-in';

export type ReadAnswer =
  | { readonly kind: 'in'; readonly accessKey: string; readonly role: string }
  | { readonly kind: 'refused'; readonly why: LoginRefusal; readonly said: string }
  /** Not the answer of a web console. */
  | { readonly kind: 'strange'; readonly said: string };

const text = z.optional(z.nullable(z.string()));

const answerSchema = z.object({
  authenticated: z.optional(z.boolean()),
  data: z.optional(
    z.nullable(
      z.object({ access_key: text, role: text, status: text, type: text, title: text, details: text }),
    ),
  ),
  type: text,
  title: text,
});

/**
 * Goes by `authenticated`, never by status or cookie: a code that is needed comes with 200, a wrong password with 200 up to 25.15
 * and 401 later, and an id is handed out with each of them.
 */
export function readLoginAnswer(status: number, body: string): ReadAnswer {
  const parsed = answerSchema.safeParse(parseJson(body));
  if (!parsed.success) return { kind: 'strange', said: '' };
  const { authenticated, data, type, title } = parsed.data;
  if (authenticated === true && status === 200)
    return { kind: 'in', accessKey: data?.access_key ?? '', role: data?.role ?? '' };
  const slug = (data?.type ?? type ?? '').split('/').pop() ?? '';
  const said = plainWords(data?.details ?? data?.title ?? title ?? '');
  const why = refusalOf(status, slug, said);
  return why === undefined ? { kind: 'strange', said } : { kind: 'refused', why, said };
}

const bySlug: Readonly<Record<string, LoginRefusal>> = {
  'auth-failed': 'mismatch',
  'password-expired': 'password-expired',
  'require-totp-authentication': 'code-needed',
  'require-totp-registration': 'code-setup',
  'too-many-requests': 'blocked',
  'active-login-session-exists': 'too-many-logins',
};

function refusalOf(status: number, slug: string, said: string): LoginRefusal | undefined {
  if (status === 429) return 'blocked';
  if (slug === 'rejected-by-hook') return /otp|code/i.test(said) ? 'code-wrong' : undefined;
  if (slug === 'generic-bad-request' && /already logged in/i.test(said)) return 'already-in';
  // One type for two things, which only its words tell apart.
  if (slug === 'auth-failed' && /verif/i.test(said)) return 'unverified';
  return Object.hasOwn(bySlug, slug) ? bySlug[slug] : undefined;
}
