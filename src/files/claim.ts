/**
 * Files that say which process they belong to: made by one process alone, whole from the first moment, and taken over from
 * one that has ended. Locks are such files, and so are the journals of transfers.
 */

import { randomBytes } from 'node:crypto';
import { type FileHandle, link, lstat, open, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseJson } from '../core/text/json.ts';
import { noneIfMissing } from '../core/undefined-if-missing.ts';
import { systemCode } from '../errors.ts';
import { onceFree, removeFile, rename } from './held-files.ts';
import { hiddenName } from './hidden-name.ts';
import { checkReplaceable, readPlainFile } from './plain-file.ts';
import { isAlive, type ProcessIdentity, readIdentity } from './process-identity.ts';

export interface Claim {
  readonly path: string;
  /** JSON whose `owner` is this process; `earlier` is what the last owner left. */
  content(earlier: string | undefined): string;
  /** For an owner that cannot be asked for, such as one of another machine: it would have written again within this time. */
  readonly abandonedMs: number;
  /** Runs the work while nobody else runs any for this path. */
  alone<T>(work: () => Promise<T>): Promise<T>;
}

type ClaimOutcome =
  | { readonly isOurs: true; readonly earlier: string | undefined }
  | { readonly isOurs: false; readonly holder: ProcessIdentity };

/** What makes no sense is being written just now, where a disk has no hard links, or has come to harm. */
const writerMs = 1_000;

export async function claimFile(claim: Claim): Promise<ClaimOutcome> {
  for (;;) {
    const found = await onceReadable(claim.path);
    if (found === undefined) {
      if (await createWhole(claim.path, claim.content(undefined)))
        return { isOurs: true, earlier: undefined };
      continue;
    }
    const content = parseJson(found.text);
    const holder = ownerIn(content);
    if (holder !== undefined && (await isAlive(holder, found.ageMs < claim.abandonedMs)))
      return { isOurs: false, holder };
    if (content === undefined) await delay(Math.max(0, writerMs - found.ageMs));
    if (await claim.alone(() => takeOver(claim, found))) return { isOurs: true, earlier: found.text };
  }
}

/** Windows refuses all of a file that somebody has taken away and another one has open still. */
function onceReadable(path: string): Promise<Found | undefined> {
  return onceFree({ path, action: 'replaced' }, () => look(path));
}

/** One that was given back names nobody. */
function ownerIn(content: unknown): ProcessIdentity | undefined {
  return typeof content === 'object' && content !== null
    ? readIdentity(Reflect.get(content, 'owner'))
    : undefined;
}

/** Only by its owner: so the name beside is always the same, and one that is killed leaves no more than that. */
export async function rewriteClaim(path: string, text: string): Promise<void> {
  const beside = join(dirname(path), hiddenName(basename(path), '.bai-new'));
  try {
    await removeFile(beside);
    await writeFile(beside, text, { flag: 'wx', mode: 0o600 });
    await checkReplaceable(path);
    await rename(beside, path);
  } catch (error) {
    await removeFile(beside).catch(() => {});
    throw error;
  }
}

/** Takes the file away, unless it belongs to somebody else by now. */
export async function releaseClaim(path: string, text: string): Promise<void> {
  if ((await look(path))?.text === text) await removeFile(path);
}

interface Found {
  readonly text: string;
  readonly ageMs: number;
  /** Tells two that hold the same apart. */
  readonly version: string;
}

async function look(path: string): Promise<Found | undefined> {
  const bytes = await readPlainFile(path);
  const stats = bytes && (await lstat(path).catch(noneIfMissing));
  if (stats === undefined) return undefined;
  const { ino, mtimeMs } = stats;
  return {
    text: bytes?.toString('utf8') ?? '',
    ageMs: Math.abs(Date.now() - mtimeMs),
    version: `${ino}:${mtimeMs}`,
  };
}

/** False when somebody else was quicker. */
async function takeOver(claim: Claim, found: Found): Promise<boolean> {
  const now = await look(claim.path);
  if (now === undefined || now.text !== found.text || now.version !== found.version) return false;
  await rewriteClaim(claim.path, claim.content(now.text));
  return true;
}

/** False when something has the name. A reader must not take one that is being written for one that nobody owns. */
async function createWhole(path: string, text: string): Promise<boolean> {
  const beside = join(dirname(path), `.${randomBytes(8).toString('hex')}.bai-lock`);
  try {
    await writeFile(beside, text, { flag: 'wx', mode: 0o600 });
    return await link(beside, path).then(
      () => true,
      (error: unknown) => (systemCode(error) === 'EEXIST' ? false : createInPlace(path, text)),
    );
  } finally {
    await removeFile(beside);
  }
}

/**
 * Where there are no hard links. For a moment the file is there and empty; who was stopped in that moment for so long that
 * others took it over finds that it is theirs.
 */
async function createInPlace(path: string, text: string): Promise<boolean> {
  const create = (): Promise<FileHandle> => open(path, 'wx', 0o600);
  const file = await onceFree({ path, action: 'replaced' }, create).catch((error: unknown) => {
    if (systemCode(error) !== 'EEXIST') throw error;
  });
  if (file === undefined) return false;
  try {
    await file.writeFile(text);
  } catch (error) {
    await removeFile(path).catch(() => {});
    throw error;
  } finally {
    await file.close();
  }
  return (await look(path))?.text === text;
}
