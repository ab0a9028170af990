/** How questions are put to somebody, once they are safe to show: drawn, or as numbered lists. */

import type { AskStreams } from '../../config/read-secret.ts';
import type { TextWish } from '../../core/questions.ts';

export type WayOptions = AskStreams;

/** Each answers nothing when somebody leaves in place of answering. */
export interface AskWay {
  /** The place of the label that was chosen; Enter takes the first. */
  one(question: string, labels: readonly string[]): Promise<number | undefined>;
  several(question: string, labels: readonly string[]): Promise<readonly number[] | undefined>;
  text(question: string, wish: TextWish): Promise<string | undefined>;
}

/** Of a label, without what is told beside it. */
export function nameIn(label: string | undefined): string {
  return label?.split('  ')[0] ?? '';
}

/** Whether all words of `search` are in the label. */
export function matches(label: string, search: string): boolean {
  const text = label.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
