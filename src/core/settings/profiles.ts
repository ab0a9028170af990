/** What is stored of a profile, and how its secrets are. */

import { type SettingName, type Settings, type SettingValues, settingNames } from './settings.ts';

/** What is changed of a profile: undefined takes away. */
export type ProfileValues = Readonly<Partial<Record<SettingName, string | undefined>>>;

/** Where secrets went. */
export interface SavedSecrets {
  readonly secretsIn: 'keyring' | 'file';
  /** For people, behind "is kept in". */
  readonly place: string;
  /** Why not in the keyring, where that was tried. */
  readonly because?: string;
}

export interface StoredProfile {
  /** Unknown keys of a newer bai are left out here and kept in the file. */
  readonly values: SettingValues;
  /** Of its secrets that are in the keyring. A text in the file counts before them: an older bai has written it since. */
  readonly keyringItems: SettingValues;
}

/** What stores secrets, in the keyring or the file. */
export interface SecretTools {
  /**
   * Stores a whole sign-in at once: undefined takes a setting away. A failure leaves what was there before, and usable. Secrets go to
   * the keyring where `secretStore` says so, or where one answers.
   */
  saveProfile(this: void, profile: string, values: ProfileValues): Promise<SavedSecrets>;
  /** Those that were there, wherever they were kept. */
  removeSecrets(this: void, profile: string, names: readonly SettingName[]): Promise<readonly SettingName[]>;
}

/** Whether a secret is to be fetched before an account can be used. */
export function areElsewhere(settings: Settings): boolean {
  const isInKeyring = settingNames.some((name) => settings[name].keyringItem !== undefined);
  return isInKeyring || settings.secretCommand.value !== undefined;
}
