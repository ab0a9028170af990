/** A small file of this machine that is whole beside its target, closed, and waits for its name. */

import { type FileHandle, lstat, readFile, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { onThisMachine } from './local-error.ts';
import { checkRealFolder } from './local-folder.ts';
import { modeOfOldFile, openNew, replacedError, writeAll, wrongLocalSizeError } from './local-part.ts';
import type { KeptAttributes } from './one-file.ts';
import { partName } from './part-name.ts';
import type { ReadableFile } from './verify.ts';

export interface StagedFile {
  readonly target: string;
  readonly content: ReadableFile;
  /** Gives it the target's name. */
  commit(): Promise<void>;
  /** Takes it away; never throws. */
  discard(): Promise<void>;
}

/** `target`'s folder must be there. What has the target's name stays as it is until `commit`. */
export function stageFile(staging: Staging): Promise<StagedFile> {
  return onThisMachine('write', staging.target, stage(staging));
}

export interface Staging {
  readonly target: string;
  /** As in `FilePaths`. */
  readonly isInRealFolder: boolean | undefined;
  readonly content: Buffer;
  readonly kept: KeptAttributes;
}

async function stage(staging: Staging): Promise<StagedFile> {
  const { target, kept } = staging;
  if (staging.isInRealFolder) await checkRealFolder(dirname(target));
  const path = join(dirname(target), partName(basename(target)));
  // Asked in any case: it throws where the target is a folder.
  const oldMode = await modeOfOldFile(target);
  const mode = kept.mode ?? oldMode;
  const handle = await openNew(path, mode === undefined ? 0o666 : 0o600);
  let id: string | undefined;
  try {
    id = await fill(handle, staging, mode);
    await handle.close();
  } catch (error) {
    await handle.close().catch(() => {});
    await unlink(path).catch(() => {});
    throw error;
  }
  return stagedFile(staging, { path, id });
}

async function fill(
  handle: FileHandle,
  { target, content, kept }: Staging,
  mode: number | undefined,
): Promise<string> {
  await writeAll(handle, content, 0);
  const { dev, ino, size } = await handle.stat({ bigint: true });
  if (Number(size) !== content.length) throw wrongLocalSizeError(target, Number(size), content.length);
  if (mode !== undefined) await handle.chmod(mode);
  if (kept.modifiedAt !== undefined) await handle.utimes(kept.accessedAt ?? kept.modifiedAt, kept.modifiedAt);
  return `${dev}:${ino}`;
}

function stagedFile(
  { target, isInRealFolder }: Staging,
  { path, id }: { readonly path: string; readonly id: string },
): StagedFile {
  const isOurs = async (): Promise<boolean> => {
    const { dev, ino } = await lstat(path, { bigint: true });
    return `${dev}:${ino}` === id;
  };
  const putInPlace = async (): Promise<void> => {
    if (isInRealFolder) await checkRealFolder(dirname(target));
    if (!(await isOurs())) throw replacedError(path);
    await rename(path, target);
  };
  return {
    target,
    content: {
      path: target,
      fill: async (bytes, position) => {
        (await onThisMachine('read', target, readFile(path))).copy(bytes, 0, position);
      },
    },
    commit: () => onThisMachine('write', target, putInPlace()),
    discard: async () => {
      if (await isOurs().catch(() => false)) await unlink(path).catch(() => {});
    },
  };
}
