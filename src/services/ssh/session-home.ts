/** The home folder inside a session, for programs that want absolute paths. */

import { dialAndLogIn, loginKeyFor, type OpenedAccess } from './open-access.ts';
import type { SshTools } from './ssh-tools.ts';

/** Where the provider does not know it, the session's file server is asked. */
export async function homeOf(access: OpenedAccess, tools: SshTools): Promise<string> {
  if (access.home !== undefined) return access.home;
  const key = await loginKeyFor(access.session, tools);
  const make: typeof tools.client.home = (request) => tools.client.home(request);
  return await dialAndLogIn({ access, key, make }, tools.signal, tools);
}
