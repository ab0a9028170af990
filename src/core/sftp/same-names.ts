/** Names that are spelled in two ways and may be one file: by how an accent is written, and by case. */

/** `é` as one character: as two it looks the same. */
export function composed(name: string): string {
  return name.normalize('NFC');
}

/** Whatever any disk may take for one: the disk itself has the last word. */
export function foldName(name: string): string {
  return composed(composed(name).toUpperCase().toLowerCase());
}

/** The spelling that disks of macOS take for the same name, or nothing where there is no other. */
export function otherSpelling(name: string): string | undefined {
  const decomposed = name.normalize('NFD');
  if (composed(name) === decomposed) return undefined;
  return name === composed(name) ? decomposed : composed(name);
}
