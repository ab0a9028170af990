/** `bai key fetch`: the private key a session handed out, saved where ssh looks. */

import { requireFeature } from '../../core/session/features.ts';
import type { SessionRef } from '../../core/session/session.ts';
import type { PrivateKey } from '../../keys/private-key.ts';
import { openRunningSession } from '../session/open-session.ts';
import type { SessionTools } from '../session/session-tools.ts';
import { type KeySaving, type SavedKey, saveKey } from './save-key.ts';

interface FetchKeyRequest {
  readonly session: string;
  readonly path: string;
  readonly force: boolean;
}

interface FetchKeyTools extends SessionTools {
  readonly keys: KeySaving & {
    issued(session: SessionRef, signal: AbortSignal): Promise<PrivateKey>;
  };
}

export async function fetchKey(request: FetchKeyRequest, tools: FetchKeyTools): Promise<SavedKey> {
  requireFeature(tools.provider, 'issuedKey');
  const session = await openRunningSession(request.session, tools);
  const key = await tools.keys.issued(session, tools.signal);
  return saveKey({ key, sessionId: session.id, path: request.path, force: request.force }, tools.keys);
}
