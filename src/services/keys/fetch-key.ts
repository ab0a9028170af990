/** `bai key fetch`: the private key a session handed out, saved where ssh looks. */

import type { SessionRef } from '../../core/session/session.ts';
import type { PrivateKey } from '../../keys/private-key.ts';
import { openRunningSession } from '../session/open-session.ts';
import type { SessionDeps } from '../session/session-deps.ts';
import { type SavedKey, type SaveKeyDeps, saveKey } from './save-key.ts';

export interface FetchKeyRequest {
  readonly session: string;
  readonly path: string;
  readonly force: boolean;
}

export interface FetchKeyDeps extends SessionDeps, SaveKeyDeps {
  readKey(session: SessionRef, signal: AbortSignal): Promise<PrivateKey>;
}

export async function fetchKey(request: FetchKeyRequest, deps: FetchKeyDeps): Promise<SavedKey> {
  const session = await openRunningSession(request.session, deps);
  const key = await deps.readKey(session, deps.signal);
  return saveKey({ key, sessionId: session.id, path: request.path, force: request.force }, deps);
}
