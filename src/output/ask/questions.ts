/** Asks at the terminal: with lists that are drawn and searched where it can move its cursor, else with numbered ones. */

import type { Choice, Questions, TextWish } from '../../core/questions.ts';
import { sanitizeLine } from '../../core/text/sanitize.ts';
import { InterruptedError, reasonOf } from '../../errors.ts';
import { cutEnd } from '../fit-text.ts';
import { isAnimated } from '../reporter.ts';
import { wantsColor } from '../style.ts';
import type { AskWay, WayOptions } from './ask-way.ts';

interface QuestionOptions extends WayOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** As the flag says it, or nothing. */
  readonly color: boolean | undefined;
}

export function openQuestions(options: QuestionOptions): Questions {
  const { signal, stderr } = options;
  let way: Promise<AskWay> | undefined;
  const ask = async <T>(put: (way: AskWay) => Promise<T | undefined>): Promise<T> => {
    if (signal.aborted) throw reasonOf(signal);
    way ??= wayOf(options);
    const answer = await put(await way);
    if (answer !== undefined) return answer;
    throw signal.aborted ? reasonOf(signal) : new InterruptedError();
  };
  return {
    async one(question, choices) {
      return valueAt(choices, await ask((on) => on.one(sanitizeLine(question), labelsOf(choices, stderr))));
    },
    async several(question, choices) {
      const chosen = await ask((on) => on.several(sanitizeLine(question), labelsOf(choices, stderr)));
      return chosen.toSorted((a, b) => a - b).map((index) => valueAt(choices, index));
    },
    text: (question, wish) => ask((on) => on.text(sanitizeLine(question), safeWish(wish))),
  };
}

/** Screen readers, and terminals that cannot move their cursor, make nothing of a list that is drawn again and again; one that wraps is drawn wrong. */
async function wayOf(options: QuestionOptions): Promise<AskWay> {
  const { stderr, environment } = options;
  const isNarrow = (stderr.columns || 80) < leastDrawn;
  if (isNarrow || !isAnimated(stderr, environment)) {
    return (await import('./numbered.ts')).numberedWay(options);
  }
  const color = wantsColor(stderr, environment, options.color);
  return (await import('./drawn.ts')).drawnWay({ ...options, color });
}

/** Room for marks and numbers before a label. */
const marksWidth = 8;
const leastWidth = 8;
/** A list that is searched needs room for what is typed, and for its legend. */
const leastDrawn = 40;

/** Each on one line of the terminal, however long its text is. */
function labelsOf(choices: readonly Choice<unknown>[], { columns }: { readonly columns?: number }): string[] {
  const width = Math.max(leastWidth, (columns || 80) - marksWidth);
  return choices.map(({ label, note }) => cutEnd(sanitizeLine(note ? `${label}  ${note}` : label), width));
}

function safeWish({ usual, problemOf }: TextWish): TextWish {
  return {
    usual: sanitizeLine(usual),
    problemOf(text) {
      const problem = problemOf(text);
      return problem === undefined ? undefined : sanitizeLine(problem);
    },
  };
}

function valueAt<T>(choices: readonly Choice<T>[], index: number): T {
  const choice = choices[index];
  if (choice === undefined) throw new Error(`there is no choice ${index} among ${choices.length}`);
  return choice.value;
}
