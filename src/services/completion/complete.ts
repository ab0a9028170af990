/** `bai __complete`: what fits where somebody presses Tab, as the shells' scripts read it. */

import { type Candidate, isPlainWord, type NameKind, type Question } from '../../core/completion.ts';
import { splitWords } from '../../core/text/shell-words.ts';
import { UsageError } from '../../errors.ts';

export interface CompletionTools {
  /** Names that are known or come at once; none where that fails. */
  names(kind: NameKind, question: Question): Promise<readonly string[]>;
  /** Looks names up without haste, for the next time. */
  refresh(question: Question): Promise<void>;
}

const mostCandidates = 1_000;

/** Lines of a word, or of a word, a tab and what it is about; at the end `:files` where files of this machine fit as well. */
export async function completeWords(question: Question, tools: CompletionTools): Promise<readonly string[]> {
  const { words, names, typed, prefix, files } = question;
  const found = await Promise.all(names.map((kind) => tools.names(kind, question)));
  const named: Candidate[] = [...new Set(found.flat())].filter(isPlainWord).map((word) => ({ word }));
  const fitting = [...words, ...named].filter(({ word }) => word.startsWith(typed)).slice(0, mostCandidates);
  const lines = fitting.map(({ word, about }) => [prefix + word, about].filter(Boolean).join('\t'));
  return files ? [...lines, ':files'] : lines;
}

/** The words behind the first of a command line, the last one as far as it is typed; what cannot be told apart is no word. */
export function wordsIn(line: string): readonly string[] {
  // One that cannot be anything else marks where the last word begins.
  const end = '\u0000';
  for (const quote of ['', "'", '"'])
    try {
      const words = splitWords(`${line}${end}${quote}`);
      return words.slice(1).map((word) => word.replace(end, ''));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
    }
  return [];
}
