/** Whether somebody may log in, in the order the manager asks: password, state of the account, age of the password, code. */

import type { SignIn } from '../model/accounts.ts';
import {
  codeNeeded,
  codeWrong,
  mismatch,
  mustEnrolFirst,
  passwordExpired,
  type RefusedSignIn,
} from './refusals.ts';
import { isTotpCode } from './totp.ts';

interface Given {
  readonly password: string;
  readonly otp: string;
}

/** The reason why not. Codes are of this machine's time, since whoever makes them knows no other. */
export function refusedSignIn(
  { status, passwordExpiredAt, totpSecret, mustEnrol, ...known }: SignIn,
  { password, otp }: Given,
): RefusedSignIn | undefined {
  if (known.password !== password) return mismatch();
  if (status === 'before-verification') return mismatch('This account needs email verification.');
  if (status === 'inactive') return mismatch();
  if (passwordExpiredAt !== undefined) return passwordExpired(passwordExpiredAt);
  if (totpSecret === undefined) return mustEnrol ? mustEnrolFirst() : undefined;
  if (otp === '') return codeNeeded();
  return isTotpCode(totpSecret, otp, Date.now()) ? undefined : codeWrong();
}
