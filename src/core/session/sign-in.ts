/** How one gets to be signed in: what stands at an address, what it asks for, and what it says to that. */

import type { BaiError } from '../../errors.ts';

/** What stands at an address, found out without telling it any secret. */
export interface SignInPlace {
  /** Where calls go from now on; no slash at its end. */
  readonly endpoint: string;
  /** By the name that profiles have it by. */
  readonly provider: string;
  /** Completes "ADDRESS is …", e.g. `a Backend.AI web console (26.9.6)`. */
  readonly description: string;
  readonly way: SignInWay;
  /** The host that was typed, where it sent on to another one. */
  readonly sentOnFrom?: string;
}

/** What one platform can say of an address. */
export type RecognisedPlace = Pick<SignInPlace, 'description' | 'way'>;

/** A password is of a web console, a keypair of a manager's API, a token of the other platforms. */
export type SignInWay = 'password' | 'keypair' | 'token';

export interface PasswordLogin {
  readonly email: string;
  readonly password: string;
  /** A one-time code, where the account has a second factor. */
  readonly code?: string | undefined;
  /** Ends the oldest login of the account when it has as many as it may. */
  readonly force?: boolean;
}

/** A login that counts. */
export interface Login {
  /** A secret, which later calls go by. */
  readonly id: string;
  readonly accessKey: string;
  /** Such as `user` or `superadmin`; empty where it is not said. */
  readonly role: string;
  /** When it ends; nothing where it is not said. */
  readonly endsAt: Date | undefined;
}

/** Whether a text can be the id of a login: it goes into a header of each later call. */
export function isLoginId(text: string): boolean {
  return /^[\w.~+/=-]{8,512}$/.test(text);
}

/** What is asked for next, with the error that it is where nobody can be asked. */
export type LoginAnswer =
  | { readonly kind: 'in'; readonly login: Login }
  | { readonly kind: 'wrong-password' | 'code-needed' | 'wrong-code' | 'too-many'; readonly error: BaiError }
  | { readonly kind: 'refused'; readonly error: BaiError };

/** Where somebody signs in with e-mail and password. */
export interface PasswordDoor {
  readonly origin: string;
  login(this: void, login: PasswordLogin, signal: AbortSignal): Promise<LoginAnswer>;
}

/** Who is signed in. What the platform does not say is left out. */
export interface SignedIn {
  /** For people: `kim@example.test (user), project default`. */
  readonly text: string;
  readonly name?: string;
  readonly email?: string;
  readonly role?: string;
  readonly domain?: string;
  readonly projects?: readonly string[];
}
