/** `--create IMAGE`: the session is made when there is none of that name. */

import type { Context } from '../../context.ts';
import { usualRequest } from '../../providers/backend-ai/create/create-request.ts';
import type { ComputeSessionRequest } from '../../providers/backend-ai/session/compute-session.ts';

/** `session create` has options for the rest. Somebody else may make it at the same time. */
export async function createFirst(
  image: string,
  name: string,
  context: Context,
): Promise<ComputeSessionRequest> {
  return usualRequest(image, name, await context.settings());
}
