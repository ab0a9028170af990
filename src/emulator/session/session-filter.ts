/** The small filter and order language of GraphQL lists: `name == "x" & status != "TERMINATED"`, `-created_at`. */

type Facts = Readonly<Record<string, string>>;
type Test = (facts: Facts) => boolean;

/** Throws an Error for a field or an operator nobody knows; an empty filter accepts everything. */
export function sessionFilter(text: string): Test {
  if (text.trim() === '') return () => true;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|\w+|==|!=|>=|<=|[<>&|()]/g) ?? [];
  let position = 0;
  const next = () => tokens[position++] ?? '';
  const either = (): Test => {
    const tests = [all()];
    while (tokens[position] === '|') {
      position += 1;
      tests.push(all());
    }
    return (facts) => tests.some((test) => test(facts));
  };
  const all = (): Test => {
    const tests = [one()];
    while (tokens[position] === '&') {
      position += 1;
      tests.push(one());
    }
    return (facts) => tests.every((test) => test(facts));
  };
  const one = (): Test => {
    const token = next();
    if (token === '(') {
      const inner = either();
      if (next() !== ')') throw new Error('Query filter parsing error');
      return inner;
    }
    return comparison(token, next(), next());
  };
  const test = either();
  if (position < tokens.length) throw new Error('Query filter parsing error');
  return test;
}

function comparison(field: string, operator: string, literal: string): Test {
  if (!/^".*"$/s.test(literal)) throw new Error('Query filter parsing error');
  const value = literal.slice(1, -1).replaceAll(/\\(.)/g, '$1');
  const compare = comparisons[operator];
  if (compare === undefined) throw new Error('Query filter parsing error');
  return (facts) => compare(fieldOf(facts, field), value);
}

const comparisons: Readonly<Record<string, (left: string, right: string) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '>': (left, right) => left > right,
  '<': (left, right) => left < right,
  '>=': (left, right) => left >= right,
  '<=': (left, right) => left <= right,
  contains: (left, right) => left.includes(right),
  like: (left, right) => like(left, right, ''),
  ilike: (left, right) => like(left, right, 'i'),
};

function like(text: string, pattern: string, flags: string): boolean {
  const parts = pattern
    .split('%')
    .map((part) => part.replace(/[.+*?^${}()|[\]\\]/g, '\\$&').replaceAll('_', '.'));
  return new RegExp(`^${parts.join('.*')}$`, flags).test(text);
}

function fieldOf(facts: Facts, field: string): string {
  const value = facts[field];
  if (value === undefined) throw new Error(`Unknown/unsupported field name: ${field}`);
  return value;
}

/** Sorted by comma-separated fields, `-` for descending. */
export function sessionOrder<T>(
  order: string,
  items: readonly T[],
  factsOf: (item: T) => Facts,
): readonly T[] {
  const keys = order.split(',').map((key) => key.trim());
  return items.toSorted((left, right) => {
    for (const key of keys) {
      const name = key.replace(/^[-+]/, '');
      const [a, b] = [fieldOf(factsOf(left), name), fieldOf(factsOf(right), name)];
      if (a !== b) return a < b === key.startsWith('-') ? 1 : -1;
    }
    return 0;
  });
}
