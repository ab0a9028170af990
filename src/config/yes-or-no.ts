/** Asks a question on the terminal. */

import { askLine } from './ask-line.ts';
import type { AskStreams } from './read-secret.ts';

/** Enter means yes, unless it is said to mean no; the end of the input means no. */
export async function askYesOrNo(
  question: string,
  streams: AskStreams,
  enter: 'yes' | 'no' = 'yes',
): Promise<boolean> {
  const answer = await askLine(`${question} ${enter === 'yes' ? '[Y/n]' : '[y/N]'} `, streams, 'no');
  return /^\s*(y|yes)\s*$/i.test(answer.trim() === '' ? enter : answer);
}
