/** A name whose accents the session writes in another way is that of the same file, where the disk here says so. */

import { join } from 'node:path';
import { composed, otherSpelling } from '../../core/sftp/same-names.ts';
import { BaiError } from '../../errors.ts';
import { onThisMachine } from '../../files/local-error.ts';
import { lstatIfThere } from '../local/local-disk.ts';
import { listFolder } from '../remote/list-folder.ts';
import type { TransferRun } from '../tar/transfer-run.ts';

/** The session's spelling by that of this machine, where they differ. Its folder is listed only when there may be any. */
export async function namesThere(
  names: readonly { readonly name: string }[],
  folder: { readonly local: string; readonly remote: string },
  { pool }: TransferRun,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const doubtful = await spelledOtherwise(names, folder.local);
  if (doubtful.length === 0) return found;
  const listed = await listNames(folder.remote, pool);
  for (const name of doubtful) {
    const [same, ...others] = listed.get(composed(name)) ?? [];
    if (same !== undefined && others.length === 0) found.set(name, same);
  }
  return found;
}

/** The disk finds by the other spelling what it lists by this one: macOS does, Linux keeps two files. */
async function spelledOtherwise(
  names: readonly { readonly name: string }[],
  folder: string,
): Promise<readonly string[]> {
  const listed = new Set(names.map(({ name }) => name));
  const found: string[] = [];
  for (const name of listed) {
    const other = otherSpelling(name);
    if (other === undefined || listed.has(other)) continue;
    const path = join(folder, other);
    if ((await onThisMachine('read', path, lstatIfThere(path))) !== undefined) found.push(name);
  }
  return found;
}

/** By their composed form. A folder may be written to by somebody who cannot list it. */
async function listNames(
  folder: string,
  pool: TransferRun['pool'],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const names = new Map<string, string[]>();
  try {
    for await (const { name } of listFolder(folder, pool)) {
      if (otherSpelling(name) !== undefined)
        names.set(composed(name), [...(names.get(composed(name)) ?? []), name]);
    }
  } catch (error) {
    if (!(error instanceof BaiError) || pool.over !== undefined) throw error;
  }
  return names;
}
