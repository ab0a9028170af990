/** What signing in and out works with. */

import type { LoginHolder } from '../../config/login-holders.ts';
import type { Reporter } from '../../core/reporter.ts';
import type { Provider } from '../../core/session/provider.ts';
import type { PasswordDoor, SignInPlace } from '../../core/session/sign-in.ts';
import type { Settings, SettingValues } from '../../core/settings/settings.ts';
import type { ProfileTools } from '../profiles/profile-tools.ts';
import type { Asker } from './ask-login.ts';

export interface StoredLogin {
  /** Ends it, and its tunnels do not bring it back where `hadTunnels`. Whether it is over. */
  end(hadTunnels: boolean): Promise<boolean>;
  /** Other processes of bai that keep it in use. */
  holders(): Promise<readonly LoginHolder[]>;
  /** Asks a process to end; only for one that is alive for certain. */
  stop(this: void, pid: number): void;
}

export interface SignInTools {
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly profiles: ProfileTools;
  settings(this: void): Promise<Settings>;
  /** What stands at an address that somebody typed. */
  recognise(this: void, address: string): Promise<SignInPlace>;
  door(this: void, place: Pick<SignInPlace, 'endpoint'>): PasswordDoor;
  /** The platform as these values reach it, in place of those that are stored; once for each process. */
  open(this: void, values: SettingValues): Promise<Provider>;
  /** The login that a profile has now, the one that is meant where none is named; nothing where it has none. */
  storedLogin(this: void, profile?: string): Promise<StoredLogin | undefined>;
  /** Ends this login, as far as the server can be reached. */
  endLoginAt(this: void, endpoint: string, id: string): Promise<void>;
  /** Nothing where nobody can be asked. */
  readonly ask?: Asker | undefined;
  /** The first line that is piped in. */
  readPiped(this: void): Promise<string>;
}
