/** `bai session create --authorize`: a session that a key of the user's own gets into from the start. */

import { typed } from '../../core/text/typed.ts';
import { BaiError, RetoldError, UsageError } from '../../errors.ts';
import {
  type CreateSessionRequest,
  type CreateSessionResult,
  createSession,
} from '../session/create-session.ts';
import type { SessionTools } from '../session/session-tools.ts';
import { type AuthorizedKey, type AuthorizeTools, authorizeKey } from './authorize-key.ts';
import { findPublicKey } from './find-public-key.ts';

interface CreateAuthorizedRequest extends CreateSessionRequest {
  /** As in `bai key authorize`. */
  readonly source: string;
}

interface CreateAuthorizedTools {
  readonly sessions: SessionTools;
  readonly authorize: AuthorizeTools;
}

interface CreateAuthorizedResult extends CreateSessionResult {
  readonly authorized: AuthorizedKey;
}

/** What is wrong with the key is said before there is a session. */
export async function createAuthorized(
  { source, ...request }: CreateAuthorizedRequest,
  { sessions, authorize }: CreateAuthorizedTools,
): Promise<CreateAuthorizedResult> {
  if (!request.wait) {
    throw new UsageError('--authorize needs a running session, so it cannot be used with --no-wait', {
      hint: 'omit one of them; `bai key authorize SESSION` does it later',
    });
  }
  const key = await findPublicKey(source, authorize);
  const made = await createSession(request, sessions);
  try {
    const authorized = await authorizeKey({ session: made.id, key, fixPermissions: false }, authorize);
    authorize.reporter.info(`${authorized.change}: ${authorized.type} ${authorized.fingerprint}`);
    return { ...made, authorized: { ...authorized, session: made.name } };
  } catch (error) {
    if (!(error instanceof BaiError)) throw error;
    throw new RetoldError(
      error,
      `session ${made.name} was created, but the key was not added: ${error.message}`,
      {
        hint: `${error.hint === undefined ? '' : `${error.hint}; then `}\`${typed(['bai', 'key', 'authorize', made.name, 'PUBKEY'])}\` does the rest, \`${typed(['bai', 'session', 'terminate', made.name])}\` ends it`,
        details: { ...error.details, id: made.id, name: made.name },
      },
    );
  }
}
