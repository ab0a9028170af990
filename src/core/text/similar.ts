/** Finds the names somebody may have meant. */

import { UsageError } from '../../errors.ts';

/** The closest of `candidates`, best first; only those that differ by about a third at most. */
export function similarNames(wanted: string, candidates: readonly string[], most = 3): string[] {
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  return [...new Set(candidates)]
    .map((name) => ({ name, distance: name.startsWith(wanted) ? 0 : editDistance(wanted, name, limit) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ name }) => name);
}

/** The choice that `word` is; `said` has where it was written, and how. Throws a UsageError with those that are near. */
export function choiceOf<T extends string>(
  choices: readonly T[],
  word: string,
  said: { readonly name: string; readonly text: string },
): T {
  const found = choices.find((choice) => choice === word);
  if (found !== undefined) return found;
  const near = word === '' ? [] : similarNames(word.toLowerCase(), choices);
  throw new UsageError(
    `${said.name} must be one of ${choices.join(', ')}, not "${said.text}"`,
    near.length > 0 ? { hint: `did you mean ${near.join(' or ')}?` } : {},
  );
}

/** Levenshtein's, given up above `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(changed, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? limit + 1;
}
