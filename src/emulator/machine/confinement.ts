/** Keeps SFTP inside a session's home: maps client paths to real ones and refuses what would lead outside. */

import { lstat, realpath } from 'node:fs/promises';
import { isAbsolute, join, posix, relative, sep } from 'node:path';
import type { Home } from './home.ts';

/** The path leads outside the home; clients see "permission denied". */
export class OutsideError extends Error {
  constructor(path: string) {
    super(`${path} is outside the home`);
    this.name = 'OutsideError';
  }
}

/** The absolute path a client means, in its own terms: `notes`, `~/notes` and `/home/work/notes` are the same. */
export function clientPath(home: string, path: string): string {
  if (path === '~' || path.startsWith('~/')) return posix.resolve(home, `.${path.slice(1)}`);
  return posix.resolve(home, path);
}

/** Folders above the home, which clients may look at on their way down, each with the one name that it holds. */
export function foldersAbove(home: string): ReadonlyMap<string, string> {
  const names = home.split('/').filter((name) => name !== '');
  return new Map(names.map((name, depth) => [`/${names.slice(0, depth).join('/')}`, name]));
}

/**
 * The real path of an entry whose last part is not followed when it is a link. Its folder must exist and be inside.
 */
export async function entryInHome(home: Home, path: string): Promise<string> {
  const inside = posix.relative(home.path, clientPath(home.path, path));
  if (inside === '') return home.folder;
  if (inside.startsWith('..')) throw new OutsideError(path);
  const folder = await realpath(join(home.folder, posix.dirname(inside)));
  if (!contains(home, folder)) throw new OutsideError(path);
  return join(folder, posix.basename(inside));
}

/**
 * The real path of what an entry leads to, links followed. An entry that does not exist yet may be created there;
 * a link whose target does not exist is refused, since creating through it could reach outside.
 */
export async function targetInHome(home: Home, path: string): Promise<string> {
  const entry = await entryInHome(home, path);
  const target = await realTarget(entry);
  if (target !== undefined) {
    if (!contains(home, target)) throw new OutsideError(path);
    return target;
  }
  // A file that another client has made a moment ago is no such link.
  if (await isLink(entry)) throw new OutsideError(path);
  return entry;
}

/** What to write into a new link so that it leads to `target`; a target outside is refused. */
export async function linkText(home: Home, linkPath: string, target: string): Promise<string> {
  const absolute = target.startsWith('/')
    ? target
    : posix.join(posix.dirname(clientPath(home.path, linkPath)), target);
  const entry = await entryInHome(home, absolute);
  return target.startsWith('/') ? entry : target;
}

/** What a client reads from a link: a path below its home in the client's terms, or an OutsideError. */
export async function readableLink(home: Home, linkEntry: string, stored: string): Promise<string> {
  if (!isAbsolute(stored)) {
    if (!contains(home, join(linkEntry, '..', stored))) throw new OutsideError(stored);
    return stored;
  }
  if (!contains(home, stored)) throw new OutsideError(stored);
  return posix.join(home.path, relative(home.folder, stored).split(sep).join('/'));
}

/** Where links lead, in the client's terms; what is not there, or leads outside, keeps the name it was asked for by. */
export async function realClientPath(home: Home, path: string): Promise<string> {
  try {
    const target = await targetInHome(home, path);
    return posix.join(home.path, relative(home.folder, target).split(sep).join('/'));
  } catch {
    // A path that does not exist yet is as welcome, and nothing is told about what lies outside.
    return clientPath(home.path, path);
  }
}

function contains({ folder }: Home, path: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}

async function realTarget(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function isLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
