/** A person at the terminal, for questions of one line. */

import { askLine } from '../../config/ask-line.ts';
import { type AskStreams, readSecretLine } from '../../config/read-secret.ts';
import { askYesOrNo } from '../../config/yes-or-no.ts';
import type { Reporter } from '../../core/reporter.ts';
import type { Asker } from '../../services/sign-in/ask-login.ts';

/** Nothing where nobody can be asked: no terminal, or an answer in JSON. What is drawn makes room for the question. */
export function askerAt(streams: AskStreams, reporter: Reporter): Asker | undefined {
  if (streams.stdin.isTTY !== true || !reporter.interactive) return undefined;
  const inTurn = async <T>(ask: () => Promise<T>): Promise<T> => {
    using _quiet = reporter.yieldTerminal();
    return await ask();
  };
  return {
    line: (prompt) => inTurn(() => askLine(prompt, streams)),
    secret: (prompt) => inTurn(() => readSecretLine(prompt, streams)),
    yesOrNo: (question) => inTurn(() => askYesOrNo(question, streams, 'no')),
  };
}
