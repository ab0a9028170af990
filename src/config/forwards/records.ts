/** The folder of forwards in the background, 0700: a record, a log and a socket for each. */

import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { ForwardRecord } from '../../core/forward/background.ts';
import { noneIfMissing } from '../../core/undefined-if-missing.ts';
import { LocalSystemError } from '../../errors.ts';
import { removeFile } from '../../files/held-files.ts';
import { type LockWait, withFileLock } from '../../files/lock.ts';
import { makeOwnFolder, readOwnFile, replaceOwnFile } from '../../files/own-file.ts';
import { isAlive, ownIdentity } from '../../files/process-identity.ts';
import { readRecord } from './schemas.ts';

/** So many are never open: what is more is somebody's mistake. */
const mostRecords = 1_000;
const recordName = /^([\da-f]{8})\.json$/;

/** In the order in which they were started. */
export async function readRecords(folder: string): Promise<ForwardRecord[]> {
  const names = await readdir(folder).catch(noneIfMissing);
  const files = (names ?? []).filter((name) => recordName.test(name)).slice(0, mostRecords);
  const texts = await Promise.all(files.map((name) => readOwnFile(join(folder, name))));
  const records = texts.flatMap((text, at) => {
    const record = text === undefined ? undefined : readRecord(text);
    return record !== undefined && files[at] === `${record.id}.json` ? [record] : [];
  });
  return records.sort((a, b) => a.startedAt.localeCompare(b.startedAt));
}

export async function writeRecord(folder: string, record: ForwardRecord): Promise<void> {
  await replaceOwnFile(join(folder, `${record.id}.json`), `${JSON.stringify(record, null, 2)}\n`);
}

/** With all that belongs to it. */
export async function removeRecord(
  folder: string,
  { id, control }: Pick<ForwardRecord, 'id' | 'control'>,
): Promise<void> {
  if (!/^[\da-f]{8}$/.test(id)) return;
  await removeSocket(control);
  for (const ending of ['json', 'html', 'log']) await removeFile(join(folder, `${id}.${ending}`));
}

/** A name is only ever taken away that bai has made. */
export async function removeSocket(control: string): Promise<void> {
  if (!/[\\/][\da-f]{8}\.sock$/.test(control)) return;
  if ((await lstat(control).catch(noneIfMissing))?.isSocket()) await removeFile(control);
}

/** While one looks who is there and writes itself down, no other does. */
export async function withRecords<T>(folder: string, work: () => Promise<T>, wait: LockWait): Promise<T> {
  await makeOwnFolder(folder);
  return await withFileLock(join(folder, 'records'), work, wait);
}

/** `unsure`: a process of that number is there, and this system does not say whether it is the same. */
export async function processState({
  owner,
}: ForwardRecord): Promise<'alive' | 'gone' | 'unsure' | 'elsewhere'> {
  const own = await ownIdentity();
  const isElsewhere = owner.host !== own.host || (owner.space !== '' && owner.space !== own.space);
  if (isElsewhere) return 'elsewhere';
  if (!(await isAlive(owner, true))) return 'gone';
  return owner.started === '' ? 'unsure' : 'alive';
}

/** Systems take no longer path of a socket: 104 bytes with the zero behind it on some. */
const longestSocketPath = 100;

/** Where the process of this id listens. On Windows names of pipes are for everybody to see, but this one nobody guesses. */
export async function controlAddress(
  folder: string,
  id: string,
  runtimeFolder: string | undefined,
): Promise<string> {
  if (process.platform === 'win32')
    return `\\\\.\\pipe\\bai-forward-${id}-${randomBytes(16).toString('hex')}`;
  const path = join(folder, `${id}.sock`);
  if (Buffer.byteLength(path) <= longestSocketPath) return path;
  return join(await shortFolder(runtimeFolder), `${id}.sock`);
}

/** Others may make folders there too: it has to be this user's, and for nobody else. */
async function shortFolder(runtimeFolder: string | undefined): Promise<string> {
  const { uid } = userInfo();
  for (const parent of [runtimeFolder, tmpdir(), '/tmp']) {
    if (!parent) continue;
    const folder = join(parent, `bai-${uid}`);
    if (Buffer.byteLength(folder) > longestSocketPath - '/01234567.sock'.length) continue;
    await mkdir(folder, { mode: 0o700 }).catch(() => {});
    const found = await lstat(folder).catch(noneIfMissing);
    if (found?.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0) return folder;
  }
  throw new LocalSystemError(
    'there is no folder of your own with a short path for the socket of the forward',
    {
      hint: 'set BAI_HOME= to a folder with a short path',
    },
  );
}
