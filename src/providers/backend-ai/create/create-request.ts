/** A request for a session with everything as the settings and the manager have it. */

import type { Settings } from '../../../core/settings/settings.ts';
import type { ComputeSessionRequest } from '../session/compute-session.ts';
import { parseMounts } from './mounts.ts';

export { parseMounts } from './mounts.ts';

export function usualRequest(image: string, name: string, settings: Settings): ComputeSessionRequest {
  const { mounts, project, domain } = settings;
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
    reuse: true,
  };
}
