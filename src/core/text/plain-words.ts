/** A manager's words as a person would write them: without the notation of the language it is written in. */

/** Nobody reads more of one message, and none is that long. */
const mostRead = 4_000;

/**
 * Takes Python's representations of values and exceptions apart (`KeyError('disk full')`, `<Role.USER: 'user'>`,
 * `Ref(kind='a', id='b')`) and shortens the reports of its validation library to `field: what is wrong`.
 */
export function plainWords(text: string): string {
  const read = text.slice(0, mostRead);
  return withoutReprs(validationErrors(read) ?? read).trim();
}

/**
 * A report looks like this, with more of the same for more fields, and often with text around it:
 *
 *     1 validation error for CreateFromParamsRequest
 *     priority
 *       Input should be less than or equal to 100 [type=less_than_equal, input_value=200, input_type=int]
 *         For further information visit https://errors.pydantic.dev/…
 */
function validationErrors(text: string): string | undefined {
  const start = /\d+ validation errors?\b[^\n]*\n/.exec(text);
  if (start === null) return undefined;
  const found: string[] = [];
  let field = '';
  for (const line of text.slice(start.index + start[0].length).split('\n')) {
    if (/^\s*->/.test(line)) break;
    if (/^\S/.test(line)) field = line.trim();
    else if (/^ {2}\S/.test(line)) found.push(`${field}: ${line.replace(/\[type=.*$/, '').trim()}`);
  }
  return found.length === 0 ? undefined : found.join('; ');
}

const quoted = String.raw`'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"`;
const enumMember = new RegExp(String.raw`<\w+\.(\w+): (${quoted}|-?\d+)>`, 'g');
const failure = /<[A-Z]\w*\(\d+\): ([^<>]*)>/g;
const pairs = new RegExp(
  String.raw`\b[A-Z]\w*\((\w+=(?:${quoted}|[^\s,()'"]+)(?:, \w+=(?:${quoted}|[^\s,()'"]+))*)\)`,
  'g',
);
const single = new RegExp(String.raw`\b[A-Z]\w*\((?:-?\d+, )?(${quoted})(?:, [^()]*)?\)`, 'g');
const tuple = new RegExp(String.raw`\(((?:${quoted})(?:, (?:${quoted}))+),?\)`, 'g');

function withoutReprs(text: string): string {
  return text
    .replace(failure, '$1')
    .replace(enumMember, (_, name: string, value: string) =>
      /^['"]/.test(value) ? unquoted(value) : name.toLowerCase(),
    )
    .replace(pairs, (_, list: string) =>
      [...list.matchAll(new RegExp(String.raw`\w+=(${quoted}|[^\s,()'"]+)`, 'g'))]
        .map(([, value = '']) => unquoted(value))
        .join(' '),
    )
    .replace(single, (_, value: string) => unquoted(value))
    .replace(tuple, (_, list: string) =>
      [...list.matchAll(new RegExp(quoted, 'g'))].map(([value]) => unquoted(value)).join(', '),
    );
}

function unquoted(text: string): string {
  return /^['"]/.test(text) ? text.slice(1, -1).replace(/\\(['"\\])/g, '$1') : text;
}
