/** Whether a UCloud stands at an address. */

import * as z from 'zod/mini';
import type { SignInPlace } from '../../core/session/sign-in.ts';
import { parseJson } from '../../core/text/json.ts';
import { type PeekParts, peek } from '../../net/peek.ts';
import { title } from './facts.ts';

/** Its refusals are of this form, and who has no token is refused. */
const refusalSchema = z.object({ why: z.string() });

export async function recogniseUcloud(address: URL, parts: PeekParts): Promise<SignInPlace | undefined> {
  const { status, body } = await peek(address, 'auth/users/userInfo', parts);
  const isIt = (status === 401 || status === 403) && refusalSchema.safeParse(parseJson(body)).success;
  if (!isIt) return undefined;
  return {
    endpoint: address.href.replace(/\/+$/, ''),
    ...{ provider: 'ucloud', description: `a ${title}`, way: 'token' },
  };
}
