/** Names of bai's own beside a file of the user's: hidden, and never longer than a file system takes. */

import { createHash } from 'node:crypto';

/** Most file systems allow this many bytes in one name. */
const longestName = 255;

/** `.NAME` and the suffix; a name too long for that is cut, and told apart from its like by a digest. */
export function hiddenName(name: string, suffix: string): string {
  const plain = `.${name}${suffix}`;
  if (Buffer.byteLength(plain) <= longestName) return plain;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16);
  const room = longestName - Buffer.byteLength(`.-${digest}${suffix}`);
  let kept = '';
  for (const character of name) {
    if (Buffer.byteLength(kept + character) > room) break;
    kept += character;
  }
  return `.${kept}-${digest}${suffix}`;
}
