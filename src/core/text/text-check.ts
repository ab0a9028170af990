/** What no name, address or secret holds: it was copied with a line end, or is something else in the wrong place. */

/** Said behind the name of what it is about; nothing when the text is in order. */
export function controlCharacterProblem(text: string): string | undefined {
  if (/[\r\n]/.test(text)) return 'contains a line break';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) return 'contains a control character';
  return undefined;
}
