/** What signing in and out works with. */

import type { Reporter } from '../../core/reporter.ts';
import type { Provider } from '../../core/session/provider.ts';
import type { PasswordDoor, SignInPlace } from '../../core/session/sign-in.ts';
import type { Settings, SettingValues } from '../../core/settings/settings.ts';
import type { ProfileTools } from '../profiles/profile-tools.ts';
import type { Asker } from './ask-login.ts';

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
  /** What ends the login that the profile has now, when it is called; nothing where there is none. Its answer: whether it is over. */
  endLogin(this: void): Promise<(() => Promise<boolean>) | undefined>;
  /** Ends this login, as far as the server can be reached. */
  endLoginAt(this: void, endpoint: string, id: string): Promise<void>;
  /** Nothing where nobody can be asked. */
  readonly ask?: Asker | undefined;
  /** The first line that is piped in. */
  readPiped(this: void): Promise<string>;
}
