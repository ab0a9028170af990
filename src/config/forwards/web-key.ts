/** What secrets of forwarded web apps are made from: a file of the user's own, made when one is first needed. */

import { createHmac, randomBytes } from 'node:crypto';
import type { LockWait } from '../../files/lock.ts';
import { changeOwnFile, readOwnFile } from '../../files/own-file.ts';

const pattern = /^[\da-f]{64}\n$/;
/** 192 bits, in characters of a URL. */
const secretCharacters = 32;

/** Always the same for the same place, so that bookmarks and cookies stay right. */
export async function webSecretFor(path: string, place: string, wait?: LockWait): Promise<string> {
  let key = await readOwnFile(path);
  if (key === undefined || !pattern.test(key)) {
    const made = `${randomBytes(32).toString('hex')}\n`;
    await changeOwnFile(
      path,
      (before) => (before !== undefined && pattern.test(before) ? undefined : made),
      wait,
    );
    key = (await readOwnFile(path)) ?? made;
  }
  return createHmac('sha256', key).update(place).digest('base64url').slice(0, secretCharacters);
}
