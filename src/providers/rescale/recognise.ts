/** Whether a platform of Rescale stands at an address. */

import * as z from 'zod/mini';
import type { RecognisedPlace } from '../../core/session/sign-in.ts';
import { type PeekParts, refusesStrangers } from '../../net/peek.ts';
import { title } from './facts.ts';

/** Its refusals are of this form, and who has no API key is refused. */
const refusal = z.object({ detail: z.string() });

export async function recogniseRescale(address: URL, parts: PeekParts): Promise<RecognisedPlace | undefined> {
  const isIt = await refusesStrangers(address, 'api/v2/users/me/', { ...parts, refusal });
  return isIt ? { description: `a platform of ${title}`, way: 'token' } : undefined;
}
