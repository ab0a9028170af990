/** The log of a forward in the background: lines with their time, 0600, and never long. */

import { closeSync, constants, fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { sanitizeLine } from '../../core/text/sanitize.ts';
import { noneIfMissing } from '../../core/undefined-if-missing.ts';
import { openToAppend } from '../../files/append-file.ts';

/** Then the older half goes. */
const mostBytes = 256 * 1024;

export interface ForwardLog extends Disposable {
  line(this: void, text: string): void;
}

/** To append to; what the process prints by itself goes to the same file. */
export function openLog(path: string): ForwardLog {
  const fd = openToAppend(path);
  return {
    line(text) {
      const bytes = Buffer.from(`${new Date().toISOString()} ${sanitizeLine(text)}\n`);
      try {
        shorten(fd, bytes.length);
        writeSync(fd, bytes);
      } catch {
        // A full disk is no reason to close a port.
      }
    },
    [Symbol.dispose]: () => closeSync(fd),
  };
}

/** Windows has none. */
const noFollow = (constants.O_NOFOLLOW as number | undefined) ?? 0;

/** In place, for whoever else writes to it. */
function shorten(fd: number, more: number): void {
  const { size } = fstatSync(fd);
  if (size + more <= mostBytes) return;
  const half = Buffer.alloc(mostBytes / 2);
  const length = readSync(fd, half, 0, half.length, Math.max(0, size - half.length));
  const kept = half.subarray(half.indexOf('\n') + 1, length);
  ftruncateSync(fd, 0);
  writeSync(fd, kept);
}

/** What is there from this byte on, and where it ends; from the beginning when it has become shorter. Nothing when it is gone. */
export async function readLog(
  path: string,
  from: number,
): Promise<{ readonly text: string; readonly end: number } | undefined> {
  const file = await open(path, constants.O_RDONLY | noFollow).catch(noneIfMissing);
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    const start = size < from ? 0 : from;
    const bytes = Buffer.alloc(Math.min(2 * mostBytes, size - start));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
    return { text: bytes.toString('utf8', 0, bytesRead), end: start + bytesRead };
  } finally {
    await file.close();
  }
}
