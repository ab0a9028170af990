/** Paths of this machine as people write them: the one place where they are resolved. */

import { homedir } from 'node:os';
import { isAbsolute, resolve, sep, win32 } from 'node:path';
import { LocalSystemError } from '../errors.ts';

/** The user's home folder; ssh keys must not land in whatever folder a missing HOME points to. */
export function findHome(): string {
  const home = homedir();
  if (!isAbsolute(home)) throw homeNotKnown();
  return home;
}

function homeNotKnown(): LocalSystemError {
  return new LocalSystemError('the home folder is not known (HOME is not set, or is no whole path)', {
    code: 'no-home',
    hint: "set HOME; or BAI_HOME for bai's own files and BAI_SSH_DIR for keys",
  });
}

/** What a user wrote in an option, an argument, a variable or a setting, as a whole path: from another folder it means the same. */
export function wholePath(path: string): string {
  return resolve(expandHome(path));
}

/**
 * Replaces a leading `~` as a shell does, and leaves all else as it is spelt: a `/.` at the end of a transfer's source has a meaning. Not
 * every path is read by a shell: `--output=~/x`, words in quotes, settings, environment files. A file of that name is `./~`.
 */
export function expandHome(path: string): string {
  const isWindows = sep === '\\';
  const isBelow = path.startsWith('~/') || (isWindows && path.startsWith('~\\'));
  if (path === '~' || isBelow) return `${findHome()}${path.slice(1)}`;
  return isWindows ? onItsDrive(path) : path;
}

/**
 * `C:` and `C:x` are in the folder that is the current one of that drive. To join a name to a drive alone would make a path from its root,
 * so none of the two goes any further.
 */
export function onItsDrive(
  path: string,
  currentFolder: (drive: string) => string = (drive) => win32.resolve(drive),
): string {
  const [, drive, below] = /^([A-Za-z]:)(?![\\/])(.*)$/s.exec(path) ?? [];
  if (drive === undefined || below === undefined) return path;
  const folder = currentFolder(drive);
  if (below === '') return folder;
  return folder.endsWith('\\') ? folder + below : `${folder}\\${below}`;
}
