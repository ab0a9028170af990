/** Says which profile is meant, where several could be. */

import type { StoredProfiles } from '../../config/store.ts';
import type { GlobalFlags } from '../../context.ts';
import { originOfProfile, type Settings } from '../../core/settings/settings.ts';
import { BaiError, type DeniedError, RetoldError } from '../../errors.ts';

interface MeantParts {
  readonly flags: GlobalFlags;
  storedProfiles(): Promise<StoredProfiles | undefined>;
  profile(): Promise<string>;
  settings(): Promise<Settings>;
}

/** Nothing where it was typed, is the only one, or has nothing to do with the account that is used. */
export async function meantProfile(parts: MeantParts): Promise<string | undefined> {
  if (parts.flags.profile !== undefined) return undefined;
  const { endpoint } = await parts.settings();
  const origin = originOfProfile(await parts.profile());
  if (endpoint.origin !== origin || !(await hasSeveral(parts))) return undefined;
  return `${origin}: ${endpoint.value}`;
}

/** The failures that a wrong profile would explain. */
const ofAccount: ReadonlySet<string> = new Set([
  ...['not-signed-in', 'auth-failed', 'login-over', 'no-secret', 'forbidden'],
]);

export async function inProfile(error: DeniedError, parts: MeantParts): Promise<unknown> {
  if (!ofAccount.has(error.code)) return error;
  if (parts.flags.profile !== undefined) return withProfile(error, parts.flags.profile);
  try {
    const profile = await parts.profile();
    if (!(await hasSeveral(parts))) return error;
    const which = `${originOfProfile(profile)} is meant, and \`bai profile list\` shows the others`;
    const hint = error.hint === undefined ? which : `${error.hint}; ${which}`;
    return new RetoldError(error, error.message, { hint, details: { ...error.details, profile } });
  } catch (other) {
    // What cannot be found out now is no part of what went wrong.
    if (other instanceof BaiError) return error;
    throw other;
  }
}

/** The command of the hint is for the profile that was typed. */
function withProfile(error: DeniedError, profile: string): DeniedError | RetoldError {
  const hint = error.hint?.replaceAll('`bai login`', `\`bai -P ${profile} login\``);
  if (hint === undefined || hint === error.hint) return error;
  return new RetoldError(error, error.message, { hint, details: error.details });
}

async function hasSeveral(parts: MeantParts): Promise<boolean> {
  return ((await parts.storedProfiles())?.names.length ?? 0) > 1;
}
