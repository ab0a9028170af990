/** Makes text from a server safe for a terminal and for one line of a log. */

/** C0, DEL, C1, bidi controls and marks, line separators, and the replacement for invalid UTF-8. */
const unsafe =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** One line: every control character becomes a visible escape such as `\x1b`. */
export function sanitizeLine(text: string): string {
  return text.replace(unsafe, visible);
}

/** Several lines: newlines and tabs stay, the rest is escaped as in `sanitizeLine`. */
export function sanitizeText(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(unsafe, (c) => (c === '\n' || c === '\t' ? c : visible(c)));
}

function visible(character: string): string {
  const code = character.charCodeAt(0);
  if (code === 0x0a) return '\\n';
  if (code === 0x0d) return '\\r';
  if (code === 0x09) return '\\t';
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** JSON that is safe to show: what JSON lets stand becomes `\uXXXX`, which reads back as the same text. */
export function safeJson(value: unknown, indent?: number): string {
  const escaped = (c: string): string => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  // Control characters cannot be among them, but for the line breaks of the indentation.
  return JSON.stringify(value, null, indent).replace(unsafe, (c) => (c === '\n' ? c : escaped(c)));
}

/** The text, or so much of it that it holds no more memory than it shows: a slice keeps the whole it was taken from. */
export function beginning(text: string, mostCharacters: number): string {
  if (text.length <= mostCharacters) return text;
  const bytes = new TextEncoder().encode(text.slice(0, mostCharacters));
  return `${new TextDecoder().decode(bytes)}\u2026`;
}
