/** Makes text from a server safe for a terminal and for one line of a log. */

/**
 * What a reader does not see, or sees somewhere else, by the Unicode tables of this Node: controls, format characters (bidi, zero
 * width, tags), separators of lines and paragraphs, lone surrogates and what is ignored by default. U+FE0F stays where it
 * makes an emoji of a character that is not always one, or a keycap.
 */
const unsafe =
  /(?!(?<=(?!\p{Emoji_Presentation}|[#*\d])\p{Emoji})\ufe0f|(?<=[#*\d])\ufe0f(?=\u20e3))[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** One line: every character that is not seen becomes a visible escape such as `\x1b`, `\u200b` or `\u{e0041}`. */
export function sanitizeLine(text: string): string {
  return escapeUnseen(text, visible);
}

/** Several lines: newlines and tabs stay, the rest is escaped as in `sanitizeLine`. */
export function sanitizeText(text: string): string {
  return escapeUnseen(text.replaceAll('\r\n', '\n'), (c) => (c === '\n' || c === '\t' ? c : visible(c)));
}

/** The text with each character that is not seen, one code point, replaced by what `shown` makes of it. */
export function escapeUnseen(text: string, shown: (character: string) => string): string {
  return text.replace(unsafe, shown);
}

/** The character as an escape that ANSI C quoting (`$'…'`) reads, but for those beyond U+FFFF, which are written `\u{1f600}`. */
export function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code === 0x0a) return '\\n';
  if (code === 0x0d) return '\\r';
  if (code === 0x09) return '\\t';
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x1_0000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}

/** Names and words of others at the start of a line, where they could be taken for a line of bai's own. */
export function foreignStart(text: string): string {
  return /^\s*(?:error|warning|hint)\s*:/i.test(text) ? `"${text}"` : text;
}

/** One line of conversation, or of an answer on a terminal: no text of others makes a line, or looks like one of bai's own. */
export function conversationLine(text: string): string {
  return foreignStart(sanitizeLine(text));
}

/** JSON that is safe to show: what JSON lets stand becomes `\uXXXX`, which reads back as the same text. */
export function safeJson(value: unknown, indent?: number): string {
  const unit = (c: string): string => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  // Control characters cannot be among them, but for the line breaks of the indentation.
  return escapeUnseen(JSON.stringify(value, null, indent), (c) =>
    c === '\n' ? c : c.split('').map(unit).join(''),
  );
}

/** The text, or so much of it that it holds no more memory than it shows: a slice keeps the whole it was taken from. */
export function beginning(text: string, mostCharacters: number): string {
  if (text.length <= mostCharacters) return text;
  const bytes = new TextEncoder().encode(text.slice(0, mostCharacters));
  return `${new TextDecoder().decode(bytes)}\u2026`;
}
