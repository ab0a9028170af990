/** Virtual folders and where they go inside a session. */

import { sanitizeLine } from '../../../core/text/sanitize.ts';
import { UsageError } from '../../../errors.ts';

/** Reads `FOLDER` and `FOLDER=PATH` (or `FOLDER:PATH`); an empty path is `/home/work/FOLDER`, the manager's choice. */
export function parseMounts(texts: readonly string[] | undefined): Record<string, string> {
  return Object.fromEntries(
    (texts ?? [])
      .map((text) => text.trim())
      .filter((text) => text !== '')
      .map(parseMount),
  );
}

/** Whether an option can name it, and it can be typed as it is shown. Servers tell of folders that others have made, by whichever way. */
export function isMountable(folder: string): boolean {
  return /^[^=:/]+$/.test(folder) && folder === sanitizeLine(folder.trim()) && folder !== '.ssh';
}

function parseMount(text: string): [string, string] {
  const match = /^([^=:/]+)(?:[=:](.*))?$/.exec(text);
  if (!match) throw new UsageError(`--mount takes FOLDER or FOLDER=PATH, not "${text}"`);
  const [, folder = '', given = ''] = match;
  const path = given.replace(/(?<=.)\/+$/, '');
  if (folder === '.ssh' || path === '.ssh' || path === '/home/work/.ssh') {
    throw new UsageError('a folder cannot be mounted on ~/.ssh: managers since 22.09 refuse the name', {
      code: 'ssh-folder-refused',
      hint: 'to get in with a key of your own: `bai key authorize SESSION` lets it into one session, `bai key upload FILE` into every new one',
    });
  }
  return [folder, path];
}
