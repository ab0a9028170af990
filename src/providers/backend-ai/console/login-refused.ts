/** A login that was refused, in words. */

import type { LoginAnswer } from '../../../core/session/sign-in.ts';
import type { ErrorCode } from '../../../error-codes/index.ts';
import {
  type BaiError,
  ConflictError,
  DeniedError,
  type ErrorFacts,
  ProtocolError,
} from '../../../errors.ts';
import type { LoginRefusal, ReadAnswer } from './login-answer.ts';

interface Meaning {
  readonly Failure: new (message: string, facts: ErrorFacts) => BaiError;
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

const meanings: Readonly<Record<LoginRefusal, Meaning>> = {
  mismatch: {
    Failure: DeniedError,
    code: 'auth-failed',
    message: 'the e-mail or the password is wrong, or the account is not active',
    hint: 'try the same in the browser; the e-mail is asked for, not the user name',
  },
  unverified: {
    Failure: DeniedError,
    code: 'email-unverified',
    message: "the account's e-mail address is not verified yet",
    hint: 'follow the link in the e-mail that the console has sent, then run `bai login` again',
  },
  'password-expired': {
    Failure: DeniedError,
    code: 'password-expired',
    message: 'the password has expired',
    hint: 'sign in to the console in the browser, which asks for a new one, then run `bai login` again',
  },
  'code-needed': {
    Failure: DeniedError,
    code: 'code-needed',
    message: 'the account has a second factor, and a code is needed',
    hint: 'run `bai login` on a terminal, which asks for it, or give it with --otp CODE',
  },
  'code-wrong': {
    Failure: DeniedError,
    code: 'code-wrong',
    message: 'the code is wrong',
    hint: "codes count for 30 seconds: take a new one, and check this device's clock",
  },
  'code-setup': {
    Failure: DeniedError,
    code: 'code-needed',
    message: 'the account must set up a second factor first',
    hint: 'sign in to the console in the browser, which leads through it, then run `bai login` again',
  },
  blocked: {
    Failure: DeniedError,
    code: 'login-blocked',
    message: 'too many wrong passwords were given for this e-mail, and it is blocked for a while',
    hint: 'wait about 20 minutes without trying (each try starts the time anew), or ask an administrator',
  },
  'too-many-logins': {
    Failure: ConflictError,
    code: 'too-many-logins',
    message: 'the account has as many logins as it may have at a time',
    hint: 'sign out somewhere else, or `bai login --force` ends the oldest of them',
  },
  'already-in': {
    Failure: ProtocolError,
    code: 'protocol',
    message: 'the console takes this connection for signed in already',
    hint: 'run `bai logout`, then `bai login`',
  },
};

/** What is asked for next, where something can be. */
const kinds: Partial<Readonly<Record<LoginRefusal, Exclude<LoginAnswer['kind'], 'in'>>>> = {
  mismatch: 'wrong-password',
  'code-needed': 'code-needed',
  'code-wrong': 'wrong-code',
  'too-many-logins': 'too-many',
};

/** What the console itself said is in the details: its words differ from release to release. */
export function refusalOf(answer: Exclude<ReadAnswer, { readonly kind: 'in' }>, origin: string): LoginAnswer {
  const { said } = answer;
  if (answer.kind === 'strange') return { kind: 'refused', error: strangeAnswer('sign in', origin, said) };
  const { Failure, code, message, hint } = meanings[answer.why];
  const facts = { code, hint, details: { why: answer.why, said } };
  const error = new Failure(`cannot sign in to ${origin}: ${message}`, facts);
  return { kind: kinds[answer.why] ?? 'refused', error };
}

/** An answer that is none of a web console's. */
export function strangeAnswer(what: string, origin: string, said: string): BaiError {
  return new ProtocolError(`cannot ${what}: ${origin} does not answer as a web console`, {
    hint: 'check the address: it is what one types in the browser to get to the console',
    details: { said },
  });
}

/** A login that does not count any more. */
export function loginOver(what: string, origin: string): DeniedError {
  return new DeniedError(`cannot ${what}: you are not signed in to ${origin} any more`, {
    code: 'login-over',
    hint: '`bai login` signs in again',
  });
}
