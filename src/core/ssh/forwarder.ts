/** A port on this machine that leads into a session. */

import type { SessionRef } from '../session/session.ts';

/** What the SSH server of a session is called among its apps. */
export const sshApp = 'sshd';

/** What the port of a forwarder is the same for each time: see `stablePort`. */
export function forwardPlace({ name, node }: Pick<SessionRef, 'name' | 'node'>, app: string): string {
  return [name, ...(node === undefined ? [] : [node]), app].join('\n');
}

/** A listener on this machine whose connections all end in one session. */
export interface Forwarder extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** How many clients are connected now. */
  readonly connections: number;
  /** Settles when the listener is gone; rejects when it broke by itself. */
  readonly closed: Promise<void>;
  /** Resolves when the client that came first has ended its connection, whatever may still be on its way to it. */
  firstGone(): Promise<void>;
}
