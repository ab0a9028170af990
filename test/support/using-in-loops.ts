/**
 * Finds `using` declarations that a loop goes through again: text is enough, since one formatter writes all of it in one way. What the
 * bundler makes of them for releases of Node that do not know `using` keeps the error of one turn, and throws it at the end of each later
 * one, however well that went.
 */

const declaration = /^ *(?:await )?using \w+(?: =|$)/;
const loop = /^(?:\w+: )?(?:for|while|do)\b/;
const block = /^(?:if|else|try|catch|finally|switch|case|default|\}|\{)/;

/** The lines, from 1 on. */
export function usingInLoops(text: string): number[] {
  const lines = text.split('\n');
  return lines.flatMap((line, at) => (declaration.test(line) && isLooped(lines, at) ? [at + 1] : []));
}

/** Up from line to line of what it stands in, to the beginning of its function. */
function isLooped(lines: readonly string[], from: number): boolean {
  let indent = indentOf(lines[from] ?? '');
  for (const line of lines.slice(0, from).reverse()) {
    if (line.trim() === '' || indentOf(line) >= indent) continue;
    indent = indentOf(line);
    const words = line.trim();
    if (loop.test(words)) return true;
    if (indent === 0 || !block.test(words)) return false;
  }
  return false;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
