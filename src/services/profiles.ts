/** What is done to whole profiles. */

import type { SettingName } from '../core/settings/settings.ts';

export interface ProfileTools {
  /** The one that is meant. */
  readonly profile: string;
  /**
   * Stores a whole sign-in at once: undefined takes a setting away. A failure leaves what was there before, and usable. Secrets go to
   * the keyring where the profile keeps them there, or where one answers.
   */
  saveProfile(
    profile: string,
    values: Readonly<Partial<Record<SettingName, string | undefined>>>,
  ): Promise<{ readonly secretsIn: 'keyring' | 'file' }>;
  /** Those that were there, wherever they were kept. */
  removeSecrets(profile: string, names: readonly SettingName[]): Promise<readonly SettingName[]>;
}
