/** UCloud's API tokens, `uc<id in hexadecimal>-<secret>`: bound to one user in one workspace, made in its web interface. */

import { UsageError } from '../../errors.ts';

const form = /^uc([0-9a-f]{1,15})-[\x21-\x7e]{1,1024}$/i;

/** Where people make one. */
export const tokenPage = "Resources, API tokens in UCloud's web interface";

/** Throws a UsageError, which never holds the text, for what cannot be one; `name` says where it was written. */
export function checkApiToken(text: string, name: string): void {
  if (form.test(text)) return;
  throw new UsageError(`${name} is not a UCloud API token: they begin with "uc", as in uc1f-…`, {
    hint: `make one under ${tokenPage}`,
  });
}

/** The number that UCloud lists the token under; nothing for what is no token. */
export function idOfToken(token: string): string | undefined {
  const hex = form.exec(token)?.[1];
  return hex === undefined ? undefined : BigInt(`0x${hex}`).toString();
}
