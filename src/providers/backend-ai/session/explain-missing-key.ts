/** Why a session hands out no key, and what to do without it. */

import type { SessionRef } from '../../../core/session/session.ts';
import { typed } from '../../../core/text/typed.ts';
import { BaiError, NotFoundError } from '../../../errors.ts';
import type { SessionCalls } from './compute-session.ts';

interface MissingKeyDeps {
  readonly api: Pick<SessionCalls, 'describe'>;
  readonly signal: AbortSignal;
}

const noIssuedKey = 'no-id-container';

export async function explainMissingKey(
  { id, name }: SessionRef,
  cause: BaiError,
  { api, signal }: MissingKeyDeps,
): Promise<NotFoundError> {
  const details = await api.describe(id, signal).catch((error: unknown) => {
    if (error instanceof BaiError && !signal.aborted) return undefined;
    throw error;
  });
  const own = 'with --identity FILE or BAI_IDENTITY';
  if (details?.mounts.includes('.ssh') === true) {
    return new NotFoundError(
      `session ${name} hands out no id_container: your folder .ssh is mounted on its ~/.ssh`,
      {
        code: noIssuedKey,
        hint: `the authorized_keys in that folder rules: use a key that it lists, ${own}. \`bai key authorize SESSION KEY\` with that BAI_IDENTITY adds another; for new sessions \`bai key upload FILE\` does without that folder`,
        cause,
      },
    );
  }
  return new NotFoundError(`session ${name} hands out no id_container: it is not in its home folder`, {
    code: noIssuedKey,
    hint: `it was removed or renamed in the session: \`cp ~/.ssh/id_rsa ~/id_container\` in a terminal of it (\`${typed(['bai', 'app', 'forward', name, 'ttyd'])}\`) may bring it back; or use a key that its ~/.ssh/authorized_keys lists, ${own}`,
    cause,
  });
}
