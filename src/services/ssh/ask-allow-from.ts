/** Who may use a port that is about to be opened: it has to be said, because nobody can close it before the session ends. */

import { type AllowFrom, parseAllowFrom } from '../../core/allow-from.ts';
import type { Reporter } from '../../core/reporter.ts';
import { UsageError } from '../../errors.ts';
import type { Asker } from '../sign-in/ask-login.ts';

interface AskTools {
  /** Nothing where nobody can be asked. */
  readonly ask: Asker | undefined;
  readonly reporter: Pick<Reporter, 'info' | 'warn'>;
}

const mostTries = 3;

export async function askAllowFrom({ ask, reporter }: AskTools): Promise<AllowFrom> {
  if (ask === undefined) throw notSaid();
  reporter.info(
    'the app proxy opens a port that leads to the session; nothing but the login protects it, and it stays open until the session ends',
  );
  for (let tried = 1; ; tried += 1) {
    const answer = await ask.line(
      'Who may connect to it? everywhere, me (this machine), or addresses such as 203.0.113.0/24: ',
    );
    if (answer.trim() === '') throw notSaid();
    try {
      return parseAllowFrom(answer, 'the answer');
    } catch (error) {
      if (!(error instanceof UsageError) || tried >= mostTries) throw error;
      reporter.warn(error.message, error.hint);
    }
  }
}

function notSaid(): UsageError {
  return new UsageError('`--via proxy` opens a port, and nobody said who may connect to it', {
    code: 'allow-from-missing',
    hint: 'add --allow-from everywhere, --allow-from me, or --allow-from with addresses and networks, separated by commas (the setting allowFrom, BAI_ALLOW_FROM)',
  });
}
