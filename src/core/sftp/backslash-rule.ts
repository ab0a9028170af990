/** What a backslash does in the lines of `bai sftp SESSION`. */

import { type BackslashRule, posixRule } from '../text/shell-words.ts';

/**
 * On Windows `lcd C:\work` and `put \\server\share\x` are meant as they are: only what could not be typed otherwise is escaped. Elsewhere
 * it is as in OpenSSH's sftp, whose lines stay what they are.
 */
export function backslashRule(isWindows: boolean): BackslashRule {
  return isWindows ? { escapes: (character) => /[\s"'\\#]/.test(character), beginsShares: true } : posixRule;
}
