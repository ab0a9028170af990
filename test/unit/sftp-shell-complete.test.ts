/** Tab in the shell of sftp, with the paths of Windows. */

import { win32 } from 'node:path';
import { expect, test } from 'vitest';
import type { ShellState } from '../../src/services/sftp/sftp-shell-commands.ts';
import { completeLine } from '../../src/services/sftp/sftp-shell-complete.ts';

function stateOnWindows(asked: string[]): ShellState {
  const local = {
    isWindows: true,
    expandHome: (path: string) => path,
    isAbsolute: (path: string) => win32.isAbsolute(path),
    join: (...parts: string[]) => win32.join(...parts),
    async *list(folder: string) {
      asked.push(folder);
      yield { name: 'work tree', kind: 'folder' };
      yield { name: 'word.txt', kind: 'file' };
    },
  };
  return { tools: { local }, local: 'D:\\here' } as unknown as ShellState;
}

test.each([
  [String.raw`lcd C:\my\wo`, 'C:/my/', ['C:/my/word.txt', 'C:/my/work\\ tree/'], String.raw`C:\my\wo`],
  ['lcd C:\\my\\', 'C:/my/', ['C:/my/word.txt', 'C:/my/work\\ tree/'], 'C:\\my\\'],
  [
    String.raw`put -r \\server\share\wo`,
    '//server/share/',
    ['//server/share/word.txt', '//server/share/work\\ tree/'],
    String.raw`\\server\share\wo`,
  ],
  [String.raw`put work\ t`, 'D:\\here', ['work\\ tree/'], String.raw`work\ t`],
])('%s looks into %s, and offers %j in the place of %s', async (line, folder, words, typed) => {
  const asked: string[] = [];
  expect(await completeLine(line, stateOnWindows(asked))).toEqual([words, typed]);
  expect(asked).toEqual([folder]);
});
