/** Whether a platform of Rescale stands at an address. */

import * as z from 'zod/mini';
import type { SignInPlace } from '../../core/session/sign-in.ts';
import { parseJson } from '../../core/text/json.ts';
import { type PeekParts, peek } from '../../net/peek.ts';
import { title } from './facts.ts';

/** Its refusals are of this form, and who has no API key is refused. */
const refusalSchema = z.object({ detail: z.string() });

export async function recogniseRescale(address: URL, parts: PeekParts): Promise<SignInPlace | undefined> {
  const { status, body } = await peek(address, 'api/v2/users/me/', parts);
  const isIt = (status === 401 || status === 403) && refusalSchema.safeParse(parseJson(body)).success;
  if (!isIt) return undefined;
  return {
    endpoint: address.href.replace(/\/+$/, ''),
    ...{ provider: 'rescale', description: `a platform of ${title}`, way: 'token' },
  };
}
