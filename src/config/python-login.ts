/** The login that `backend.ai login` of the Python client has made: its cookie file is read, and never written. */

import { isAbsolute, join } from 'node:path';
import * as z from 'zod/mini';
import { isLoginId } from '../core/session/sign-in.ts';
import { parseJson } from '../core/text/json.ts';
import { readOwnFile } from '../files/own-file.ts';
import { findHome } from '../files/user-path.ts';

type Variables = Readonly<Record<string, string | undefined>>;

const cookiesSchema = z.record(z.string(), z.record(z.string(), z.object({ value: z.string() })));

/**
 * The id of the login at `hostname`; nothing when there is none. The client writes its cookie without a domain, for whatever
 * endpoint is set next: one with a domain counts there only.
 */
export async function readPythonLogin(hostname: string, variables: Variables): Promise<string | undefined> {
  const text = await readOwnFile(join(stateFolder(process.platform, variables), 'cookie.dat'));
  const parsed = cookiesSchema.safeParse(parseJson(text ?? ''));
  if (!parsed.success) return undefined;
  const mine = Object.entries(parsed.data).filter(([key]) => {
    const domain = key.split('|')[0] ?? '';
    return domain === '' || domain === hostname;
  });
  return mine
    .map(([, cookies]) => cookies['AIOHTTP_SESSION']?.value)
    .find((id) => id !== undefined && isLoginId(id));
}

/** Where the Python package appdirs puts the state of a program. */
export function stateFolder(platform: NodeJS.Platform, variables: Variables): string {
  if (platform === 'darwin') return join(findHome(), 'Library', 'Application Support', 'backend.ai');
  if (platform === 'win32') {
    const local = variables['LOCALAPPDATA'];
    return join(local || join(findHome(), 'AppData', 'Local'), 'Lablup', 'backend.ai');
  }
  const state = variables['XDG_STATE_HOME'];
  return join(state && isAbsolute(state) ? state : join(findHome(), '.local', 'state'), 'backend.ai');
}
