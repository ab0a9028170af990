/** What macOS puts into folders by itself, and nobody means who moves a folder. */

import type { PathFilter, PathRule } from './path-filter.ts';
import type { TransferOptions } from './transfer-options.ts';

/** `._NAME` holds what macOS keeps of a file where a disk or an archive has no room for it. They count last, so `--include` brings them back. */
export const finderRules: readonly PathRule[] = ['.DS_Store', '._*'].map((pattern) => ({
  action: 'exclude',
  pattern,
}));

interface WithoutFinderFiles {
  readonly options: TransferOptions;
  /** As `options`, and what is left out for this reason alone is counted: each time that it is asked about. */
  readonly counting: TransferOptions;
  /** What is to be said of it, or nothing. */
  readonly said: () => string | undefined;
}

/** `onMac` takes the place of the filter on such a system; without it everything takes part. */
export function withoutFinderFiles(
  options: TransferOptions,
  onMac: PathFilter | undefined,
  { isMac }: { readonly isMac: boolean },
): WithoutFinderFiles {
  if (!isMac || onMac === undefined) return { options, counting: options, said: () => undefined };
  let count = 0;
  const accepts: PathFilter = (path, isFolder) => {
    const isAccepted = onMac(path, isFolder);
    if (!isAccepted && options.accepts(path, isFolder)) count += 1;
    return isAccepted;
  };
  return {
    options: { ...options, accepts: onMac },
    counting: { ...options, accepts },
    said: () => (count === 0 ? undefined : describe(count)),
  };
}

function describe(count: number): string {
  const files = count === 1 ? '1 file' : `${count} files`;
  return `${files} of macOS's own (.DS_Store, ._*) left out; --all takes them, too`;
}
