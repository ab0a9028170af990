/** Looking up words of others in a table: every object also has `constructor`, `toString` and their like, which no table means. */
export function ownValue<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
