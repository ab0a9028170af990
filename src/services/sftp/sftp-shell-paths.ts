/** What a word of the shell stands for: a path in the folders one is in, or the files that a pattern matches. */

import { hasWildcards, literalPattern } from '../../core/sftp/glob.ts';
import { joinRemote, remotePath } from '../../core/sftp/remote-path.ts';
import { sanitizeLine } from '../../core/text/sanitize.ts';
import { undefinedIfMissing } from '../../core/undefined-if-missing.ts';
import { NotFoundError } from '../../errors.ts';
import type { ShellState } from './sftp-shell-commands.ts';
import { expandRemote } from './sftp-sources.ts';

/** Absolute, so that no name is taken for a spelling of the home. */
export function atRemote(path: string, { remote }: Pick<ShellState, 'remote'>): string {
  if (path.startsWith('/') || path === '~' || path.startsWith('~/')) return path;
  return path === '' ? remote : joinRemote(remote, path);
}

export function atLocal(written: string, { local, tools }: Pick<ShellState, 'local' | 'tools'>): string {
  const path = tools.local.expandHome(written);
  return tools.local.isAbsolute(path) ? path : tools.local.join(local, path);
}

interface Matches {
  readonly found: readonly string[];
  readonly refused: boolean;
}

/** What the words stand for; names that a pattern matches and the server must not choose are told and left out. */
export async function matchRemote(words: readonly string[], state: ShellState): Promise<Matches> {
  const { files, tools } = state;
  const found: string[] = [];
  let isRefused = false;
  for (const word of words) {
    const path = remotePath(atRemote(word, state));
    // The folder one is in is meant as it is, whatever its name holds; so is a name that is there as it is written.
    if (!hasWildcards(path) || (await undefinedIfMissing(files.lstat(path))) !== undefined) found.push(path);
    else if (!hasWildcards(word)) throw new NotFoundError(`${path}: no such file or folder in the session`);
    else {
      const pattern = atRemote(word, { remote: literalIfNeeded(state.remote) });
      const { paths, refused } = await expandRemote([pattern], files, false);
      for (const { path: name, reason } of refused)
        tools.reporter.warn(`${sanitizeLine(name)}: left out: ${sanitizeLine(reason)}`);
      isRefused ||= refused.length > 0;
      found.push(...paths);
    }
  }
  return { found, refused: isRefused };
}

/** As put reads it: a path, or a pattern in the folder one is in. */
export async function localSource(word: string, state: ShellState): Promise<string> {
  const { local, tools } = state;
  const path = atLocal(word, state);
  if (!hasWildcards(path) || (await tools.local.exists(path))) return path;
  if (!hasWildcards(word)) throw new NotFoundError(`${path}: no such file or folder on this machine`);
  return tools.local.isWindows ? path : atLocal(word, { local: literalIfNeeded(local), tools });
}

/** Left alone where it can be: not every name reads the same behind backslashes. */
function literalIfNeeded(folder: string): string {
  return hasWildcards(folder) ? literalPattern(folder) : folder;
}

/** As one would write it here. */
export function belowRemote(path: string, { remote }: ShellState): string {
  const folder = remote.endsWith('/') ? remote : `${remote}/`;
  return path.startsWith(folder) ? path.slice(folder.length) : path;
}
