/** What strace wrote down. */

import { readFileSync } from 'node:fs';

/**
 * The system calls of a file that `strace -f -o FILE` wrote, one to a line. A call that another thread cut into stands in
 * two lines there (`… <unfinished ...>`, `<... openat resumed>…`): here it is whole, where it ended.
 */
export function tracedCalls(file: string): string[] {
  const begun = new Map<string, string>();
  return readFileSync(file, 'latin1')
    .split('\n')
    .flatMap((line) => {
      const pid = /^\d+/.exec(line)?.[0] ?? '';
      const cut = / ?<unfinished \.\.\.>$/.exec(line);
      if (cut) {
        begun.set(pid, line.slice(0, cut.index));
        return [];
      }
      const rest = /^(?:\d+ +)?<\.\.\. \w+ resumed>(.*)$/.exec(line)?.[1];
      if (rest === undefined) return [line];
      const whole = `${begun.get(pid) ?? ''}${rest}`;
      begun.delete(pid);
      return [whole];
    })
    .concat([...begun.values()]);
}
