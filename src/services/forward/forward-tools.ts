/** What forwards that live work with. */

import type { LaunchCommand } from '../../core/desktop/open-target.ts';
import type { SessionRef } from '../../core/session/session.ts';
import type { ClientTools } from '../ssh/client-help.ts';

export interface ForwardTools extends ClientTools {
  /** The same with a login that was made since; nothing when there is none. Does not ask. */
  renewed(this: void): Promise<ForwardTools | undefined>;
  /** The secret for a web app of a session: always the same, and nobody else's. */
  webSecret(this: void, session: SessionRef, app: string): Promise<string>;
  /** Whether the setting wants one. */
  readonly asksForSecret: boolean;
  readonly browser: BrowserTools;
}

/** What happens while ports are open: for the terminal, or for a log. */
export interface ForwardVoice {
  news(this: void, message: string): void;
  trouble(this: void, message: string): void;
}

export interface BrowserTools {
  /** Whether a window that is opened on this machine is seen by the user. */
  readonly hasDesktop: boolean;
  /** The ways to open a URL, the user's own first. */
  commands(this: void, url: string): readonly LaunchCommand[];
  /** Whether the program was there and has not failed. */
  launch(this: void, command: LaunchCommand): Promise<boolean>;
  /** A page that only the user can read and that leads there: other users see what a program is started with. */
  pageTo(this: void, url: string, id: string): Promise<string>;
}
