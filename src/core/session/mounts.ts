/** Folders that are mounted into a session, and what is inside them. */

/** Folders that hold settings: whoever owns one has it in each new session, named or not. */
export function isInEverySession(name: string): boolean {
  return name.startsWith('.');
}

/** Whether a real path lies in a folder that is mounted in the home, under its name. */
export function isWithinMount(path: string, home: string, names: readonly string[]): boolean {
  const below = home.endsWith('/') ? home : `${home}/`;
  return names.some((name) => path === below + name || path.startsWith(`${below}${name}/`));
}
