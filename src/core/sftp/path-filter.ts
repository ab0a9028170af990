/**
 * `--include` and `--exclude`: the first rule that matches a path decides; a path that none matches takes part.
 * A pattern without a slash matches a name at any depth; one that begins with a slash counts from the folder that is
 * moved; one with a slash in its middle matches the end of a path. `**` also matches across slashes, and a slash at the
 * end restricts the rule to folders. What lies in an excluded folder is not looked at. However an accent is written, it is the
 * same letter: macOS stores `é` as two, and a keyboard types it as one.
 */

import { UsageError } from '../../errors.ts';
import { matchesText, type NamePattern, parseName } from './glob.ts';
import { composed } from './same-names.ts';

export interface PathRule {
  readonly action: 'include' | 'exclude';
  readonly pattern: string;
}

/** `path` is relative, with `/` between names. */
export type PathFilter = (path: string, isFolder: boolean) => boolean;

/** Throws UsageError for a pattern that matches nothing. */
export function pathFilter(rules: readonly PathRule[]): PathFilter {
  const compiled = rules.map((rule) => ({ accepts: rule.action === 'include', ...compile(rule) }));
  return (path, isFolder) => {
    const names = composed(path).split('/');
    const rule = compiled.find(
      ({ foldersOnly, isAnchored, parts }) =>
        (isFolder || !foldersOnly) && (isAnchored ? matchesAll(parts, names) : matchesEnd(parts, names)),
    );
    return rule?.accepts ?? true;
  };
}

type Part = NamePattern | 'folders';

interface Compiled {
  readonly foldersOnly: boolean;
  readonly isAnchored: boolean;
  readonly parts: readonly Part[];
}

function compile({ action, pattern }: PathRule): Compiled {
  const parts = composed(pattern)
    .split('/')
    .filter((part) => part !== '')
    .map((part): Part => (part === '**' ? 'folders' : parseName(part)));
  if (parts.length === 0) throw new UsageError(`--${action} takes a pattern for names, not "${pattern}"`);
  return { foldersOnly: pattern.endsWith('/'), isAnchored: pattern.startsWith('/'), parts };
}

function matchesEnd(parts: readonly Part[], names: readonly string[]): boolean {
  return names.some((_, start) => matchesAll(parts, names.slice(start)));
}

/** As the stars of a name: what `**` takes grows by one when the rest does not fit. */
function matchesAll(parts: readonly Part[], names: readonly string[]): boolean {
  let [at, next] = [0, 0];
  let star: { part: number; reach: number } | undefined;
  while (at < names.length) {
    const part = parts[next];
    if (part === 'folders') {
      star = { part: next, reach: at };
      next += 1;
    } else if (part !== undefined && matchesText(part, names[at] ?? '')) {
      at += 1;
      next += 1;
    } else if (star !== undefined) {
      star.reach += 1;
      at = star.reach;
      next = star.part + 1;
    } else return false;
  }
  // `a/**` is what lies in `a`, not `a` itself.
  return next === parts.length;
}
