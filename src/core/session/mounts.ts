/** Folders that are mounted into a session, and what is inside them. */

/** Whether a real path lies in a folder that is mounted in the home, under its name. */
export function isWithinMount(path: string, home: string, names: readonly string[]): boolean {
  const below = home.endsWith('/') ? home : `${home}/`;
  return names.some((name) => path === below + name || path.startsWith(`${below}${name}/`));
}
