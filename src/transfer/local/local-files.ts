/** Files of this machine as the commands look at them: what is there, and how it goes. */

import { createHash } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { lstat, readFile, readlink, realpath, rmdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, parse, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { decodeText } from '../../core/text/decode-text.ts';
import { NotFoundError, systemCode } from '../../errors.ts';
import { onThisMachine } from '../../files/local-error.ts';
import { expandHome } from '../../files/user-path.ts';
import { descriptorOf, descriptorWriter } from '../engine/open-descriptors.ts';
import type { RemoteKind } from '../engine/remote-attributes.ts';
import { lstatIfThere, stat, unlink } from './local-disk.ts';
import { isWindows } from './local-folder.ts';
import { readLocalNames } from './local-names.ts';
import { type Folding, NameFolding } from './name-folding.ts';

interface LocalEntry {
  readonly name: string;
  /** Why nothing is to be asked for by that name, and so nothing else is known. */
  readonly problem?: string;
  readonly kind: RemoteKind;
  readonly size: number;
  /** Seconds since 1970. */
  readonly modifiedAt: number;
  /** Names the folder whatever path leads to it. */
  readonly id: string;
}

/** Failures are BaiErrors that name the path. */
export interface LocalFiles {
  /** Whether names have to be fit for Windows. */
  readonly isWindows: boolean;
  /** Whether this system leaves files of its own in folders. */
  readonly isMac: boolean;
  join(folder: string, name: string): string;
  /** Of a path that the user wrote: a leading `~` is the home folder. */
  expandHome(path: string): string;
  isAbsolute(path: string): boolean;
  readText(path: string): Promise<string>;
  /** With `follow`, a link is what it leads to; one that leads nowhere stays a link. */
  list(folder: string, follow: boolean): AsyncIterable<LocalEntry>;
  /** Links followed; nothing where nothing is. */
  stat(path: string): Promise<LocalEntry | undefined>;
  /** Whether there is anything, be it a link to nothing. */
  exists(path: string): Promise<boolean>;
  realPath(path: string): Promise<string>;
  /** Whether it is the home folder, one above it, or a whole disk; links followed. */
  holdsHome(path: string): Promise<boolean>;
  /** What the disk of a folder, which may be missing yet, takes for one name; without `mayWrite` as far as it can be seen. */
  naming(folder: string, options: { readonly mayWrite: boolean }): Folding;
  /** SHA-256 in hexadecimal. */
  checksum(path: string): Promise<string>;
  /** A file or a link. */
  remove(path: string): Promise<void>;
  /** An empty folder. */
  removeFolder(path: string): Promise<void>;
  /** For a name of what this process has open already, such as `/dev/stdout`: its number. */
  descriptorOf(path: string): number | undefined;
  /** Writes to such a number, and leaves it open; rejects with an error that names `path`. */
  descriptorWriter(descriptor: number, path: string): (bytes: Uint8Array) => Promise<void>;
}

export const localFiles: LocalFiles = {
  isWindows,
  isMac: process.platform === 'darwin',
  join: (folder, name) => (folder === '' ? name : join(folder, name)),
  isAbsolute,
  expandHome,
  readText: async (path) => decodeText(await onThisMachine('read', path, readFile(path))),
  list: listLocalFolder,
  stat: (path) => onThisMachine('read', path, optional(describe(path, '', true))),
  exists: async (path) => (await onThisMachine('read', path, optional(lstat(path)))) !== undefined,
  naming: (folder, options) => new NameFolding(folder || '.', options),
  checksum: (path) => onThisMachine('read', path, checksum(path)),
  realPath: (path) => onThisMachine('read', path, realpath(path)),
  holdsHome,
  remove: (path) => onThisMachine('remove', path, unlink(path)),
  removeFolder: (path) => onThisMachine('remove', path, rmdir(path)),
  descriptorOf,
  descriptorWriter,
};

async function holdsHome(path: string): Promise<boolean> {
  const real = await optional(realpath(path || '.'));
  if (real === undefined) return false;
  const known = homedir();
  const home = isAbsolute(known) ? await optional(realpath(known)) : undefined;
  const below = home === undefined ? '..' : relative(real, home);
  return parse(real).root === real || !(isAbsolute(below) || below.split(sep)[0] === '..');
}

async function* listLocalFolder(folder: string, follow: boolean): AsyncGenerator<LocalEntry> {
  const path = folder === '' ? '.' : folder;
  let answers = 0;
  for (const { name, problem } of await onThisMachine('read', path, readLocalNames(path))) {
    // A disk that answers at once would keep everything else waiting.
    answers += 1;
    if (answers % answersInARow === 0) await setImmediate();
    if (problem !== undefined) {
      yield { ...unknown, name, problem };
      continue;
    }
    const entry = await onThisMachine(
      'read',
      join(path, name),
      optional(describe(join(path, name), name, follow)),
    );
    if (entry !== undefined) yield entry;
  }
}

const answersInARow = 100;

const unknown = { kind: 'unknown', size: 0, modifiedAt: 0, id: '' } as const;

async function describe(path: string, name: string, follow: boolean): Promise<LocalEntry | undefined> {
  const attributes = await (follow ? followed(path) : lstatIfThere(path));
  if (attributes === undefined) return undefined;
  const kind: RemoteKind = attributes.isFile()
    ? 'file'
    : attributes.isDirectory()
      ? 'folder'
      : attributes.isSymbolicLink()
        ? 'link'
        : 'other';
  const { size, mtimeMs, dev, ino } = attributes;
  return { name, kind, size, modifiedAt: Math.floor(mtimeMs / 1000), id: `${dev}:${ino}` };
}

async function followed(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    // Only a link can be there and lead nowhere.
    const isLink = await readlink(path).then(
      () => true,
      () => false,
    );
    if (isLink && systemCode(error) === 'ENOENT') return lstat(path);
    throw error;
  }
}

/** What went away between the listing and the look at it is no failure. */
async function optional<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof NotFoundError || systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function checksum(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest('hex');
}
