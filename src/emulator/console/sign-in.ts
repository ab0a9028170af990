/** Whether somebody may log in, in the order the manager asks: password, state of the account, age of the password, code. */

import type { Account } from '../model/accounts.ts';
import { codeNeeded, codeWrong, mismatch, passwordExpired, type RefusedSignIn } from './refusals.ts';
import { isTotpCode } from './totp.ts';

interface Given {
  readonly password: string;
  readonly otp: string;
}

/** The reason why not. Codes are of this machine's time, since whoever makes them knows no other. */
export function refusedSignIn(
  account: Account | undefined,
  { password, otp }: Given,
): RefusedSignIn | undefined {
  const known = account?.signIn;
  if (known === undefined || known.password !== password) return mismatch();
  if (known.status === 'before-verification') return mismatch('This account needs email verification.');
  if (known.status === 'inactive') return mismatch();
  if (known.passwordExpiredAt !== undefined) return passwordExpired(known.passwordExpiredAt);
  if (known.totpSecret === undefined) return undefined;
  if (otp === '') return codeNeeded();
  return isTotpCode(known.totpSecret, otp, Date.now()) ? undefined : codeWrong();
}
