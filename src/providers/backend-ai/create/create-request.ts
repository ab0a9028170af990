/** A request for a session with everything as the settings and the manager have it. */

import { type Settings, settingValue } from '../../../core/settings/settings.ts';
import type { ComputeSessionRequest } from '../session/compute-session.ts';
import { parseMounts } from './mounts.ts';

export { isMountable, parseMounts } from './mounts.ts';

export function usualRequest(image: string, name: string, settings: Settings): ComputeSessionRequest {
  return {
    image,
    name,
    type: 'interactive',
    project: settingValue(settings, 'project'),
    domain: settingValue(settings, 'domain'),
    clusterSize: 1,
    clusterMode: 'single-node',
    mounts: parseMounts(settingValue(settings, 'mounts')),
    environment: {},
    resources: {},
    resourceOptions: {},
    preopenPorts: [],
    reuse: true,
  };
}
