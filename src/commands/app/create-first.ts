/** `--create IMAGE`: the session is made when there is none of that name. */

import type { Context } from '../../context.ts';
import { parseMounts } from '../../core/mounts.ts';
import type { CreateRequest } from '../../core/session-api.ts';

/** Everything but image and name as the settings and the manager have it; `session create` has options for the rest. */
export async function createFirst(image: string, name: string, context: Context): Promise<CreateRequest> {
  const { mounts, project, domain } = await context.settings();
  return {
    image,
    name,
    type: 'interactive',
    project: project.value ?? 'default',
    domain: domain.value ?? 'default',
    clusterSize: 1,
    clusterMode: 'single-node',
    mounts: parseMounts(mounts.value?.split(',')),
    environment: {},
    resources: {},
    resourceOptions: {},
    preopenPorts: [],
    // Somebody else may make it at the same time.
    reuse: true,
  };
}
