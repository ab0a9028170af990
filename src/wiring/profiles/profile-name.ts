/** Which profile is meant. */

import { findOwnPathsIfAny } from '../../config/paths.ts';
import { openProfileStore, type StoredProfiles } from '../../config/store.ts';
import type { Environment, GlobalFlags } from '../../context.ts';
import { usualProfile } from '../../core/ssh/config-sections.ts';
import { similarNames } from '../../core/text/similar.ts';
import { UsageError } from '../../errors.ts';
import type { ProfileTools } from '../../services/profiles/profile-tools.ts';

interface ChosenProfile {
  readonly profile: string;
  readonly chosenBy: ProfileTools['chosenBy'];
}

/** Nothing where no home is known. */
export async function storedProfiles(environment: Environment): Promise<StoredProfiles | undefined> {
  const places = findOwnPathsIfAny(environment);
  return places && (await openProfileStore(places.configFile).all());
}

/** Named on the command line > `BAI_PROFILE` > `bai profile use` > the default one. */
export async function chooseProfile(
  { profile }: Pick<GlobalFlags, 'profile'>,
  environment: Environment,
  stored: () => Promise<StoredProfiles | undefined>,
): Promise<ChosenProfile> {
  if (profile !== undefined) return checked({ profile, chosenBy: 'command-line' });
  const variable = environment['BAI_PROFILE'];
  if (variable) return checked({ profile: variable, chosenBy: 'BAI_PROFILE' });
  const current = (await stored())?.current;
  return current === undefined
    ? { profile: usualProfile, chosenBy: 'nobody' }
    : checked({ profile: current, chosenBy: 'use' });
}

function checked(chosen: ChosenProfile): ChosenProfile {
  checkProfileName(chosen.profile);
  return chosen;
}

export function checkProfileName(name: string): void {
  if (/^[\w.-]{1,64}$/.test(name) && name !== '__proto__') return;
  throw new UsageError(`"${name}" is not a valid profile name`, {
    hint: 'use letters, digits, "_", "-" and "."',
  });
}

/** Going on without it would take another manager for the one that was meant. */
export function checkProfileExists(name: string, names: readonly string[]): void {
  if (name === usualProfile || names.includes(name)) return;
  const near = similarNames(name, names);
  const known =
    names.length === 0 ? 'there are none yet; ' : '`bai profile list` shows those that are there; ';
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}? ${known}` : known;
  throw new UsageError(`there is no profile "${name}"`, {
    code: 'no-such-profile',
    hint: `${hint}\`bai login --profile ${name}\` makes it`,
    details: { profiles: names },
  });
}
