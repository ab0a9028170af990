/** Folders of this machine that a server's tree is written into, and nothing outside of them. */

import { mkdir } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import type { DryRun } from '../../core/sftp/dry-run.ts';
import { noneIfMissing } from '../../core/undefined-if-missing.ts';
import { ConflictError, systemCode, TransferError } from '../../errors.ts';
import { onThisMachine } from '../../files/local-error.ts';
import { lstatIfThere, realpath, stat } from './local-disk.ts';

/** Whether names have to be fit for Windows; read from the path rules in force. */
export const isWindows = sep === '\\';

type LocalState = 'folder' | 'file' | 'missing';

/** What a path means, links followed; a link to nothing is missing. */
export async function localState(path: string): Promise<LocalState> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'missing';
    return onThisMachine('read', path, Promise.reject(error));
  }
}

/** The file that a link means, as `cp` writes to it; any other path as it is. */
export async function behindNamedLink(path: string): Promise<string> {
  const found = await onThisMachine('read', path, lstatIfThere(path));
  if (!found?.isSymbolicLink()) return path;
  const real = await onThisMachine('read', path, realpath(path).catch(noneIfMissing));
  if (real !== undefined) return real;
  throw new TransferError(`${path} is a link that leads nowhere`, {
    code: 'not-a-file',
    hint: 'remove the link, or choose another name',
  });
}

/** Makes the folder unless it is there, and returns its real path; for a plan it is noted, and the path is what it would be. */
export async function openLocalFolder(path: string, plan?: DryRun): Promise<string> {
  return onThisMachine('make', path, plan === undefined ? makeFolder(path) : planFolder(path, plan));
}

/**
 * As `openLocalFolder`, for a folder whose name came from the server: refused when a link that was there
 * before leads out of `root` (a real path).
 */
export async function openFolderWithin(
  root: string,
  { parent, name }: { readonly parent: string; readonly name: string },
  plan?: DryRun,
): Promise<string> {
  const path = join(parent, name);
  const real = await openLocalFolder(path, plan);
  if (dirname(real) === parent || isWithin(root, real)) return real;
  throw new ConflictError(`${path} is a link that leads out of ${root}`, {
    code: 'leads-outside',
    hint: 'name its target as the local folder if that is where the files should go',
  });
}

async function makeFolder(path: string): Promise<string> {
  await mkdir(path).catch((error: unknown) => {
    if (systemCode(error) !== 'EEXIST') throw error;
  });
  return await realFolder(path);
}

async function planFolder(path: string, plan: DryRun): Promise<string> {
  if ((await lstatIfThere(path)) !== undefined) return await realFolder(path);
  if (!plan.hasFolder(dirname(path))) await stat(dirname(path));
  plan.addFolder(path);
  return path;
}

async function realFolder(path: string): Promise<string> {
  const real = await realpath(path);
  if ((await stat(real)).isDirectory()) return real;
  throw new ConflictError(`${path} is a file, not a folder`, { code: 'not-a-folder' });
}

/** Throws ConflictError when a real path has come to lead through a link. */
export async function checkRealFolder(folder: string): Promise<void> {
  const real = await realpath(folder);
  if (real === folder) return;
  throw new ConflictError(`${folder} has become a link to ${real}`, {
    code: 'leads-outside',
    hint: 'look who else changes this folder, then run the same command again',
  });
}

function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

export function withoutTrailingSeparators(path: string): string {
  const stripped = isWindows ? path.replace(/[/\\]+$/, '') : path.replace(/\/+$/, '');
  // The root of a drive is no more without its separator.
  return stripped === '' || /^[A-Za-z]:$/.test(stripped) ? path : stripped;
}
