/** Paths inside a session: POSIX whatever this machine is, relative ones counted from the home folder. */

import { UsageError } from '../../errors.ts';

/**
 * The path as an SFTP server takes it: `~` and an empty path are the home, `~/x` is `x`; no slash at its end. What it returns
 * means the same when it is given to it again.
 */
export function remotePath(written: string): string {
  const whole = withoutTrailingSlashes(written);
  if (whole === '' || whole === '~') return '.';
  if (!whole.startsWith('~/')) return whole;
  const below = whole.slice(2).replace(/^\/+/, '');
  return below === '' ? '.' : joinRemote('.', below);
}

/**
 * The whole path, with neither `.` and `..` nor doubled slashes, which programs resolve in a URL each in its own way. It has no
 * character that a URL cannot carry: throws a UsageError for one.
 */
export function absoluteRemotePath(written: string, home: string): string {
  if (/\p{Cc}|\p{Cs}/u.test(written)) {
    throw new UsageError(`the path ${JSON.stringify(written)} has a control character in it`);
  }
  const path = remotePath(written);
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${home}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** A name such as `~` stays a name: the result never reads as another spelling of the home. */
export function joinRemote(folder: string, name: string): string {
  if (folder === '.' || folder === '') return name.startsWith('~') ? `./${name}` : name;
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`;
}

/** The last part of a path, or nothing where the path has no name of its own (`.`, `x/..`, `/`). */
export function remoteName(path: string): string | undefined {
  const name = withoutTrailingSlashes(path).split('/').at(-1);
  return name === undefined || name === '' || name === '.' || name === '..' || path === '~'
    ? undefined
    : name;
}

/** The folder that holds what the path names; `.` is the home. */
export function remoteFolder(path: string): string {
  const whole = withoutTrailingSlashes(path);
  const slash = whole.lastIndexOf('/');
  if (slash < 0) return '.';
  return slash === 0 ? '/' : whole.slice(0, slash);
}

/** Whether the user's spelling says "into this folder", even when nothing is there yet. */
export function meansFolder(written: string): boolean {
  return written === '' || written.endsWith('/');
}

/** `a/b/c` as `a`, `a/b`, `a/b/c`: what has to exist for the last one to exist. */
export function remoteAncestors(path: string): string[] {
  const root = path.startsWith('/') ? '/' : '.';
  const steps: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    steps.push(joinRemote(steps.at(-1) ?? root, part));
  }
  return steps;
}

/** Of a whole path on most systems; a server can send names that are many times as long. */
const longestName = 4_096;

const device = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])\s*(?:\.|$)/i;

/**
 * Why a name that the server listed must not become part of a path, or nothing. `windows` adds what
 * that system would read as something else than a plain name.
 */
export function entryNameProblem(name: string, windows: boolean): string | undefined {
  const problem = remoteNameProblem(name);
  if (problem !== undefined) return problem;
  if (name.length > longestName) return 'the name is too long';
  if (name.includes('\\')) return 'the name contains a path separator';
  if (/\p{Cc}/u.test(name)) return 'the name contains a control character';
  // The decoder leaves this mark where bytes were not UTF-8, so the file could not be asked for by this name.
  if (name.includes('\ufffd')) return 'the name is not valid UTF-8';
  return windows ? windowsNameProblem(name) : undefined;
}

/** Why a listed name cannot be that of a file in the listed folder, or nothing: for paths that stay in the session. */
export function remoteNameProblem(name: string): string | undefined {
  if (name === '') return 'the name is empty';
  if (name === '.' || name === '..') return 'the name means another folder';
  if (name.includes('/')) return 'the name contains a path separator';
  return name.includes('\0') ? 'the name contains a NUL' : undefined;
}

function windowsNameProblem(name: string): string | undefined {
  if (/[<>:"|?*]/.test(name)) return 'the name contains a character that Windows does not allow';
  if (/[. ]$/.test(name)) return 'the name ends in a dot or a space, which Windows drops';
  return device.test(name) ? 'the name is that of a Windows device' : undefined;
}

function withoutTrailingSlashes(path: string): string {
  let end = path.length;
  while (end > 1 && path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}
