/** `--create WHAT`: the session is made when there is none of that name. */

import type { Context } from '../../context.ts';
import { requireFeature } from '../../core/session/features.ts';
import type { CreateRequest } from '../../core/session/provider.ts';
import { UsageError } from '../../errors.ts';
import { usualRequest } from '../../providers/backend-ai/create/create-request.ts';
import type { JobRequest } from '../../providers/ucloud/create-job.ts';

/** `session create` has options for the rest. Somebody else may make it at the same time. */
export async function createFirst(what: string, name: string, context: Context): Promise<CreateRequest> {
  const provider = await context.provider();
  requireFeature(provider, 'create');
  if (provider.name === 'backend.ai') return usualRequest(what, name, await context.settings());
  if (provider.name === 'ucloud') return usualJob(what, name);
  throw new UsageError(`--create makes no sessions of ${provider.title}: they need more than a name`, {
    code: 'unsupported',
    hint: '`bai session create --help` shows what; then `bai ssh` goes in',
  });
}

function usualJob(application: string, name: string): JobRequest {
  return { application, name, product: undefined, parameters: {}, folders: [], nodes: 1 };
}
