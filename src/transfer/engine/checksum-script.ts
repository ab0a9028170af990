/** Programs of the session that compute SHA-256, and what may be believed of what they print. */

/**
 * openssl uses the processor's own instructions: a seventh of what sha256sum takes. One that does not know the sum of three
 * letters, prints on, or is not there, is not asked for any other.
 */
const knowsItsTrade =
  '[ "$(printf abc | openssl dgst -sha256 -r 2>/dev/null | head -c 99)" = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad *stdin" ]';

/** Where coreutils are missing Perl's may be there, as on macOS. */
const otherwise = (files: string): string =>
  `if command -v sha256sum >/dev/null; then sha256sum ${files}; else shasum -a 256 ${files}; fi`;

/** The file is an argument, and no name is printed that would have to be told from the sum. */
export const checksumScript = `${knowsItsTrade} && openssl dgst -sha256 -r < "$1" 2>/dev/null || ${otherwise('< "$1"')}`;

/** The sum that the script above has printed, or nothing. */
export function readSum(printed: string): string | undefined {
  return /^([0-9a-f]{64}) [ *](?:stdin|-)\n$/.exec(printed)?.[1];
}

/** One program for all files, whose names are printed as they are when they are plain. What cannot be read is left out. */
export const checksumsScript = `if ${knowsItsTrade}; then openssl dgst -sha256 -r "$@"; else ${otherwise('"$@"')}; fi 2>/dev/null; true`;

/** Whether programs print a path as it is, in one line. */
export function isPlain(path: string): boolean {
  return path.startsWith('/') && /^[^\\\p{C}\p{Z}]*$/u.test(path.replaceAll(' ', ''));
}

/** Sums by path. A line about anything else, or a second one about the same, is no sum. */
export function readSums(printed: string, paths: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const asked = new Set(paths);
  for (const line of printed.split('\n')) {
    const [, sum = '', path = ''] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
    if (asked.delete(path)) found.set(path, sum);
    else found.delete(path);
  }
  return found;
}
