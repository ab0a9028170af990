/** `--create IMAGE`: the session is made when there is none of that name. */

import type { Context } from '../../context.ts';
import type { CreateRequest } from '../../core/session/session-api.ts';
import { sessionDefaults } from '../../core/settings/session-defaults.ts';

/** Everything but image and name as the settings and the manager have it; `session create` has options for the rest. */
export async function createFirst(image: string, name: string, context: Context): Promise<CreateRequest> {
  return {
    ...sessionDefaults(await context.settings()),
    image,
    name,
    type: 'interactive',
    clusterSize: 1,
    clusterMode: 'single-node',
    environment: {},
    resources: {},
    resourceOptions: {},
    preopenPorts: [],
    // Somebody else may make it at the same time.
    reuse: true,
  };
}
