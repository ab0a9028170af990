/** The setting `accessible` of a profile, for those who read `ACCESSIBLE`. */

import type { StoredProfiles } from '../../config/store.ts';
import type { Environment } from '../../context.ts';
import { accessibleVariable, saysYes } from '../../core/accessible.ts';

/** The environment as it is where it says something of it, or the profiles cannot be read: whoever needs them says why. */
export async function withAccessible(
  environment: Environment,
  profile: () => Promise<string>,
  stored: () => Promise<StoredProfiles | undefined>,
): Promise<Environment> {
  const own = environment['BAI_ACCESSIBLE'];
  if (own !== undefined && own !== '') return { ...environment, [accessibleVariable]: own };
  if (environment[accessibleVariable] !== undefined) return environment;
  try {
    const value = (await stored())?.read(await profile()).values['accessible'];
    return value !== undefined && saysYes(value)
      ? { ...environment, [accessibleVariable]: 'yes' }
      : environment;
  } catch {
    return environment;
  }
}
