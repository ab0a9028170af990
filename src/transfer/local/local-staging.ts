/** A small file of this machine that is whole beside its target, closed, and waits for its name. */

import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { onThisMachine } from '../../files/local-error.ts';
import type { KeptAttributes } from '../engine/file-transfer.ts';
import { partName } from '../engine/part-name.ts';
import { fileIdOf, type LocalFile, rename, unlink } from './local-disk.ts';
import { checkRealFolder } from './local-folder.ts';
import { keepAttributes, openNew, replacedError, wrongLocalSizeError } from './local-part.ts';
import { modeOfOldFile } from './local-target.ts';
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

interface Staging {
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
  // Asked in any case: it throws where the target is no file.
  const oldMode = await modeOfOldFile(target);
  const mode = kept.mode ?? oldMode;
  const file = await openNew(path, mode === undefined ? 0o666 : 0o600);
  let id: string | undefined;
  try {
    id = await fill(file, staging, mode);
    await file.close();
  } catch (error) {
    await file.close().catch(() => {});
    await unlink(path).catch(() => {});
    throw error;
  }
  return stagedFile(staging, { path, id });
}

async function fill(
  file: LocalFile,
  { target, content, kept }: Staging,
  mode: number | undefined,
): Promise<string> {
  await file.write(content, 0);
  const { size, id } = await file.identify();
  if (size !== content.length) throw wrongLocalSizeError(target, size, content.length);
  await keepAttributes(file, { ...kept, mode });
  return id;
}

function stagedFile(
  { target, isInRealFolder }: Staging,
  { path, id }: { readonly path: string; readonly id: string },
): StagedFile {
  const isOurs = async (): Promise<boolean> => (await fileIdOf(path)) === id;
  const putInPlace = async (): Promise<void> => {
    if (isInRealFolder) await checkRealFolder(dirname(target));
    if (!(await isOurs())) throw replacedError(path);
    await modeOfOldFile(target);
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
