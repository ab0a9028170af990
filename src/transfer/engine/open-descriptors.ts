/** Names that the system has for what a process was given open: `/dev/stdout`, and what a shell passes for `>(…)`. */

import { constants, fstat, write } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { noneIfMissing } from '../../core/undefined-if-missing.ts';
import { onThisMachine } from '../../files/local-error.ts';

export function descriptorOf(path: string): number | undefined {
  const [, name, number] =
    /^\/(?:dev\/(stdout|stderr)|(?:dev|proc\/self)\/fd\/(\d{1,6}))$/.exec(normalize(path)) ?? [];
  if (name !== undefined) return name === 'stdout' ? 1 : 2;
  return number === undefined ? undefined : Number(number);
}

/** Nothing is opened anew, so a log that is appended to stays one; and nothing is closed. */
export function descriptorWriter(descriptor: number, path: string): (bytes: Uint8Array) => Promise<void> {
  let checked: Promise<void> | undefined;
  return async (bytes) => {
    checked ??= checkGiven(descriptor);
    await onThisMachine('write', path, checked);
    await onThisMachine('write', path, writeAll(descriptor, bytes));
  };
}

/** By its callback: not every runtime gives `promisify` the count. */
function writeOnce(descriptor: number, bytes: Uint8Array, from: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(descriptor, bytes, from, (error, written) => (error ? reject(error) : resolve(written)));
  });
}

const statOf = promisify(fstat);

async function writeAll(descriptor: number, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; ) written += await writeOnce(descriptor, bytes, written);
}

/** What Node has open for itself has such numbers too: queues and timers of no kind, and a pipe whose reader it is as well. */
async function checkGiven(descriptor: number): Promise<void> {
  const found = await statOf(descriptor);
  const isOfKind = found.isFIFO() || found.isFile() || found.isSocket() || found.isCharacterDevice();
  if (isOfKind && !(found.isFIFO() && (await isReadHere(found.ino)))) return;
  throw Object.assign(new Error('this is none that was handed over'), { code: 'EBADF' });
}

/** Linux tells what a number was opened for; elsewhere it is not known. */
async function isReadHere(ino: number): Promise<boolean> {
  const folder = '/proc/self/fdinfo';
  for (const name of (await readdir(folder).catch(noneIfMissing)) ?? []) {
    const found = await statOf(Number(name)).catch(() => undefined);
    if (!found?.isFIFO() || found.ino !== ino) continue;
    const flags = /^flags:\s*([0-7]+)$/m.exec(await readFile(join(folder, name), 'utf8'))?.[1] ?? '1';
    if ((Number.parseInt(flags, 8) & (constants.O_WRONLY | constants.O_RDWR)) === 0) return true;
  }
  return false;
}
