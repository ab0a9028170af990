/** Names and values below each other; those without a value are left out. */
export function factLines(facts: readonly (readonly [string, string])[]): string[] {
  return facts
    .filter(([, value]) => value.trim() !== '')
    .map(([name, value]) => `${name.padEnd(15)} ${value}`);
}
