/** JSON from outside. */

/** No answer of a server is nested like that, and what walks through a value does so by calling itself. */
const deepest = 200;

/** The value, still to be checked by a schema; nothing when the text is not JSON, or nested too deep to be walked through. */
export function parseJson(text: string): unknown {
  if (isDeeper(text, deepest)) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whether brackets outside of strings are open more than `limit` deep. By hand: regular expressions fail on long strings. */
function isDeeper(text: string, limit: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    if (depth > limit) return true;
  }
  return false;
}

/** Where the string that begins at `start` has its second quote; the end of the text when it has none. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
