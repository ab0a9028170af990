/** Finds assertions that something is fast, which fail on a busy machine: a fact is asserted, or awaited with a limit. */

const clock = String.raw`(?:performance\.now\(\)|Date\.now\(\)|process\.hrtime(?:\.bigint)?\([^)]*\)|process\.uptime\(\))`;
const namedAsTime = /\b(?:elapsed\w*|ms|took|\w+Ms)\b/;

/** The assertions, each as it stands in the text of a test. */
export function timedAssertions(text: string): string[] {
  const isTime = timeIn(text);
  return expectations(text)
    .filter(({ subject, matcher, value }) => {
      const isAbove = /^(?:not\.)?toBeGreaterThan/.test(matcher);
      if (/^(?:not\.)?toBe(?:LessThan|CloseTo)|^not\.toBeGreaterThan/.test(matcher)) return isTime(subject);
      return (isAbove && isTime(value)) || (/ [<>]=? /.test(subject) && isTime(subject));
    })
    .map(({ subject, matcher, value }) => `expect(${subject}).${matcher}(${value})`);
}

/** Whether an expression is a time that went by, also by a name that was given to one. */
function timeIn(text: string): (expression: string) => boolean {
  const stamps = [...text.matchAll(new RegExp(String.raw`(\w+)\s*[=:]\s*${clock}\s*[;,}]`, 'g'))];
  const stamp = [clock, ...stamps.map(([, name]) => String.raw`\b${name}\b`)].join('|');
  const difference = new RegExp(String.raw`(?:${stamp})\s*-|-\s*(?:${stamp})`);
  const given = [...text.matchAll(/(\w+)\s*[=:]\s*([^;,]*)[;,}]/g)].filter(([, , value = '']) =>
    difference.test(value),
  );
  const names = new Set(given.map(([, name]) => name));
  return (expression) =>
    difference.test(expression) ||
    namedAsTime.test(expression) ||
    (expression.match(/\w+/g) ?? []).some((word) => names.has(word));
}

interface Expectation {
  readonly subject: string;
  readonly matcher: string;
  readonly value: string;
}

function expectations(text: string): Expectation[] {
  return [...text.matchAll(/\bexpect(?:\.soft)?\(/g)].flatMap(({ index, 0: { length } }) => {
    const subject = untilClosed(text, index + length);
    const rest = /^\)\s*\.\s*((?:not\.)?\w+)\(/.exec(text.slice(index + length + subject.length));
    if (rest === null) return [];
    const value = untilClosed(text, index + length + subject.length + rest[0].length);
    return [{ subject, matcher: rest[1] ?? '', value }];
  });
}

/** What stands between brackets; a bracket within a string is rare enough not to matter. */
function untilClosed(text: string, from: number): string {
  let depth = 1;
  let end = from;
  for (; end < text.length && depth > 0; end += 1)
    if (text[end] === '(') depth += 1;
    else if (text[end] === ')') depth -= 1;
  return text.slice(from, end - 1);
}
