/** What services work with that change whole profiles. */

import type { SecretTools, StoredProfile } from '../../core/settings/profiles.ts';

export interface ProfileTools extends SecretTools {
  /** The one that is meant. */
  readonly profile: string;
  /** What says so: the one of `profile use` or the usual one can be changed by another `use`. */
  readonly chosenBy: 'command-line' | 'BAI_PROFILE' | 'use' | 'nobody';
  readonly store: {
    readonly path: string;
    names(): Promise<readonly string[]>;
    current(): Promise<string | undefined>;
    read(profile: string): Promise<StoredProfile>;
    use(profile: string): Promise<void>;
    rename(profile: string, name: string): Promise<void>;
  };
  /** As people know it, such as `the keychain`. */
  readonly keyringTitle: string;
  /** With its secrets; `next` is current from then on. */
  removeProfile(profile: string, next: string | undefined): Promise<void>;
  /** Throws a UsageError for what cannot be a profile's name. */
  checkName(name: string): void;
  /** Throws for a profile that nothing was stored in. */
  mustExist(profile: string): Promise<void>;
  /** The end of the profile's host names, where plain ssh has hosts for it. */
  installedHosts(profile: string): Promise<string | undefined>;
  /** What `secretCommand` prints, such as the password for `bai login`; nothing where there is no such command. */
  readSecretCommand(): Promise<string | undefined>;
  warn(message: string, hint?: string): void;
  /** Where somebody sits at a terminal. */
  readonly ask?: (question: string) => Promise<boolean>;
}
