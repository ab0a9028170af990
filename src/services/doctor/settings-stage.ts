/** The first stage: the settings, where they come from, and whether they open a platform. */

import type { Seen } from '../../core/doctor/stages.ts';
import {
  definitionOf,
  isSet,
  type Settings,
  settingNames,
  settingValue,
} from '../../core/settings/settings.ts';
import type { DoctorTools } from './doctor-tools.ts';

/** Which setting has which value, and where that is from; of a secret only the latter. Defaults are left out. */
function settingFacts(settings: Settings): Readonly<Record<string, unknown>> {
  const set = settingNames.filter((name) => isSet(settings[name]) && settings[name].origin !== 'default');
  return Object.fromEntries(
    set.map((name) => {
      const { value, origin } = settings[name];
      return [name, definitionOf(name).secret ? { origin } : { value, origin }];
    }),
  );
}

export async function seeSettings(
  tools: Pick<DoctorTools, 'settings' | 'provider' | 'profile'>,
): Promise<Seen> {
  const [settings, profile] = [await tools.settings(), await tools.profile()];
  const { title, name } = await tools.provider();
  const { endpoint, secretKey, token, loginId, secretCommand } = settings;
  const secret = [loginId, secretKey, token, secretCommand].find(isSet);
  const seen = [
    title,
    ...(endpoint.value === undefined ? [] : [`${endpoint.value} (${endpoint.origin})`]),
    ...(secret === undefined || secret.origin === endpoint.origin ? [] : [`secret from ${secret.origin}`]),
  ];
  const isConsole = name === 'backend.ai' && settingValue(settings, 'endpointType') === 'session';
  const signIn = isConsole ? { signIn: 'session' } : {};
  return {
    seen: seen.join(', '),
    facts: { profile, provider: name, ...signIn, settings: settingFacts(settings) },
  };
}
