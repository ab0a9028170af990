/** `--template` and `-q`: each answer as they say, one line for each entry of a list; the conversation is that for people. */

import type { LocalOutput } from '../core/local-streams.ts';
import type { Reporter } from '../core/reporter.ts';
import { conversationLine, sanitizeLine } from '../core/text/sanitize.ts';
import { type AnswerShape, idsIn, renderTemplate } from '../core/text/template.ts';

export function shapedReporter(human: Reporter, shape: AnswerShape, stdout: LocalOutput): Reporter {
  const shown = stdout.isTTY ? conversationLine : sanitizeLine;
  const tell = (value: unknown): void => {
    // What JSON would have: no fields without a value.
    const plain: unknown = JSON.parse(JSON.stringify(value));
    const lines =
      'ids' in shape
        ? idsIn(plain, shape.ids).map(shown)
        : (Array.isArray(plain) ? plain : [plain]).map((entry) =>
            renderTemplate(shape.template, entry, shown),
          );
    for (const line of lines) stdout.write(`${line}\n`);
  };
  return {
    ...human,
    // Commands have the whole answer then, in place of showing it piece by piece.
    json: true,
    result: tell,
    text: (content) => tell({ text: content }),
    watch: () => ({ isDrawn: false, draw: () => {}, tell, [Symbol.dispose]: () => {} }),
  };
}
