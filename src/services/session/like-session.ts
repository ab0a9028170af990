/** What makes another session like one that there is, or was. */

import { requireFeature } from '../../core/session/features.ts';
import type { CreateRequest } from '../../core/session/provider.ts';
import { resolveAnySession } from './resolve-session.ts';
import type { SessionTools } from './session-tools.ts';

/** Without a name; says what is not known of the session. */
export async function likeSession(reference: string, tools: SessionTools): Promise<CreateRequest> {
  const like = requireFeature(tools.provider, 'like');
  const session = await resolveAnySession(reference, tools);
  const { request, unknown } = await like(session, tools.signal);
  for (const words of unknown) tools.reporter.info(`like ${session.name}: ${words}`);
  return request;
}
