/** A dictionary of texts as Python prints it: `{'A': "it's", 'B': 'x\n'}`. */

const literal = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/y;

/** Nothing for what is no such dictionary. */
export function readPythonTexts(text: string): Record<string, string> | undefined {
  const body = /^\{(.*)\}$/s.exec(text.trim())?.[1];
  if (body === undefined) return undefined;
  const texts: string[] = [];
  for (let at = 0; at < body.length; ) {
    literal.lastIndex = at;
    const found = literal.exec(body)?.[0];
    if (found === undefined) return undefined;
    texts.push(unescaped(found.slice(1, -1)));
    at += found.length;
    const between = texts.length % 2 === 1 ? ': ' : ', ';
    if (at === body.length) break;
    if (!body.startsWith(between, at) || at + between.length === body.length) return undefined;
    at += between.length;
  }
  if (texts.length % 2 === 1) return undefined;
  return Object.fromEntries(
    texts.flatMap((name, index) => (index % 2 === 0 ? [[name, texts[index + 1] ?? ''] as const] : [])),
  );
}

const short: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'", '"': '"' };

function unescaped(text: string): string {
  return text.replace(
    /\\(?:x([\dA-Fa-f]{2})|u([\dA-Fa-f]{4})|U([\dA-Fa-f]{8})|(.))/gs,
    (whole, x?: string, u?: string, long?: string, one = '') => {
      const hex = x ?? u ?? long;
      if (hex === undefined) return short[one] ?? whole;
      const code = Number.parseInt(hex, 16);
      return code > 0x10ffff ? whole : String.fromCodePoint(code);
    },
  );
}
