/** Cuts text to a number of terminal cells, between characters as people see them. */

import stringWidth from 'string-width';

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** More than any text that fits, so that a long one is not taken apart as a whole. */
const unitsForCell = 64;

/** What fits, or its beginning and an ellipsis. */
export function cutEnd(text: string, width: number): string {
  const most = (width + 1) * unitsForCell;
  if (text.length <= most && stringWidth(text) <= width) return text;
  return width > 0 ? `${fitting(charactersOf(text.slice(0, most)), width - 1).join('')}…` : '';
}

/** What fits, or an ellipsis and its end. */
export function cutStart(text: string, width: number): string {
  const most = (width + 1) * unitsForCell;
  if (text.length <= most && stringWidth(text) <= width) return text;
  if (width <= 0) return '';
  const backwards = charactersOf(text.slice(-most)).reverse();
  return `…${fitting(backwards, width - 1)
    .reverse()
    .join('')}`;
}

function charactersOf(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function fitting(characters: readonly string[], width: number): string[] {
  let left = width;
  const end = characters.findIndex((character) => {
    left -= stringWidth(character);
    return left < 0;
  });
  return characters.slice(0, end < 0 ? characters.length : end);
}
