/** What the console's handlers know, and how they hand out an id. */

import type { Account, SignIn } from '../model/accounts.ts';
import type { ReleaseBehaviour } from '../model/release.ts';
import { loginCookie, loginHeader } from './caller.ts';
import { type Clock, isoTime } from './clock.ts';
import type { FailedLogins } from './failed-logins.ts';
import type { Login, Logins } from './logins.ts';

export interface Desk {
  readonly behaviour: ReleaseBehaviour;
  readonly accounts: readonly Account[];
  readonly logins: Logins;
  readonly failed: FailedLogins;
  readonly clock: Clock;
  /** Whether its cookie is for https alone. */
  readonly secureCookie: boolean;
  /** It is the manager that knows passwords. */
  isManagerThere(): Promise<boolean>;
}

/** By e-mail; a user name is nobody's. */
export function accountOf(desk: Desk, email: string): (Account & { signIn: SignIn }) | undefined {
  return desk.accounts.find((each): each is Account & { signIn: SignIn } => {
    return each.email === email && each.signIn !== undefined;
  });
}

/** `expires` is no date of a cookie, as the genuine one is none: clients have Max-Age. */
export function handedOut({ logins, secureCookie }: Desk, login: Login): Readonly<Record<string, string>> {
  const parts = [
    `${loginCookie}=${login.id}`,
    `expires=${isoTime(login.expiresAt)}`,
    'HttpOnly',
    `Max-Age=${Math.floor(logins.lifeMs / 1000)}`,
    'Path=/',
    ...(secureCookie ? ['Secure'] : []),
  ];
  return { [loginHeader]: login.id, 'Set-Cookie': parts.join('; ') };
}
