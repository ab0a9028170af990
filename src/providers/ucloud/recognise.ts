/** Whether a UCloud stands at an address. */

import * as z from 'zod/mini';
import type { RecognisedPlace } from '../../core/session/sign-in.ts';
import { type PeekParts, refusesStrangers } from '../../net/peek.ts';
import { title } from './facts.ts';

/** Its refusals are of this form, and who has no token is refused. */
const refusal = z.object({ why: z.string() });

export async function recogniseUcloud(address: URL, parts: PeekParts): Promise<RecognisedPlace | undefined> {
  const isIt = await refusesStrangers(address, 'auth/users/userInfo', { ...parts, refusal });
  return isIt ? { description: `a ${title}`, way: 'token' } : undefined;
}
