/** What `bai doctor` works with. */

import type { Seen } from '../../core/doctor/stages.ts';
import type { Reporter } from '../../core/reporter.ts';
import type { Provider } from '../../core/session/provider.ts';
import type { Settings } from '../../core/settings/settings.ts';
import type { BaiError } from '../../errors.ts';
import type { SshTools } from '../ssh/ssh-tools.ts';

export interface DoctorTools {
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** For an administrator: whose session is meant. */
  readonly owner: string | undefined;
  /** Of an error of this machine's system; nothing for any other. */
  explained(this: void, error: unknown): BaiError | undefined;
  profile(this: void): Promise<string>;
  settings(this: void): Promise<Settings>;
  /** Opened with the secrets that the settings name. */
  provider(this: void): Promise<Provider>;
  ssh(this: void): Promise<SshTools>;
  /** bai's own folders and that of SSH keys, as this process may use them. */
  folders(this: void, signal: AbortSignal): Promise<Seen>;
  readonly bundle: BundleTools;
}

export interface BundleTools {
  /** Version of bai, of Node and of the system. */
  readonly machine: Readonly<Record<string, string>>;
  /** What has been told on the way since these tools were made, one line each. */
  log(this: void): readonly string[];
  /** Texts that are secret in this run, wherever they came from. */
  secrets(this: void): Promise<readonly string[]>;
  /** Rejects when it could not be written there, as far as one can see before. */
  check(this: void, path: string, isForced: boolean): Promise<void>;
  /** Written beside and named when it is whole, 0600; over a file only where that is wanted. */
  save(this: void, path: string, text: string, isForced: boolean): Promise<void>;
}
