/** What a new session has unless somebody says otherwise. */

import { parseMounts } from '../session/mounts.ts';
import type { CreateRequest } from '../session/session-api.ts';
import type { Settings } from './settings.ts';

export function sessionDefaults({
  mounts,
  project,
  domain,
}: Settings): Pick<CreateRequest, 'mounts' | 'project' | 'domain'> {
  return {
    mounts: parseMounts(mounts.value?.split(',')),
    project: project.value ?? 'default',
    domain: domain.value ?? 'default',
  };
}
