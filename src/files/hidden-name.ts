/** Names of bai's own beside a file of the user's: hidden, and never longer than a file system takes. */

import { createHash } from 'node:crypto';

/** Bytes that every file system takes in one name: eCryptfs is the one with the fewest, most have 255. */
const longestName = 143;

/**
 * `.NAME` and the suffix; a name too long for that is cut, and told apart from its like by a digest. `spareBytes` may
 * be added to it.
 */
export function hiddenName(name: string, suffix: string, spareBytes = 0): string {
  const plain = `.${name}${suffix}`;
  const mostBytes = longestName - spareBytes;
  if (Buffer.byteLength(plain) <= mostBytes) return plain;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16);
  const room = mostBytes - Buffer.byteLength(`.-${digest}${suffix}`);
  let kept = '';
  for (const character of name) {
    if (Buffer.byteLength(kept + character) > room) break;
    kept += character;
  }
  return `.${kept}-${digest}${suffix}`;
}
