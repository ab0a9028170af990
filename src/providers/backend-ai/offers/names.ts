/** What every list here shares: names that can be shown, and lists that end. */

/** Nothing that a session is made of has a longer name. */
const longestName = 512;

export function isName(text: string): boolean {
  return text.trim() !== '' && text.length <= longestName;
}

/** Hears that an answer is not whole. */
export type Warn = (message: string, hint: string) => void;

const mostListed = 5_000;

/** The first ones; `what` and `hint` are told when there are more than anybody reads. */
export function bounded<T>(
  items: readonly T[],
  { what, hint, warn }: { readonly what: string; readonly hint: string; readonly warn: Warn },
): readonly T[] {
  if (items.length <= mostListed) return items;
  warn(`only ${mostListed} of ${items.length} ${what} are listed`, hint);
  return items.slice(0, mostListed);
}
