/** How `ls -l` shows a file: used by SFTP's long names and by the manager's file list. */

import type { Stats } from 'node:fs';

/** `drwxr-xr-x` */
export function modeText(facts: Stats): string {
  const kind = facts.isDirectory() ? 'd' : facts.isSymbolicLink() ? 'l' : '-';
  const bits = 'rwxrwxrwx'.split('').map((letter, place) => (facts.mode & (0o400 >> place) ? letter : '-'));
  return kind + bits.join('');
}

export function listingLine(name: string, facts: Stats): string {
  const day = facts.mtime.toISOString().slice(5, 16).replace('T', ' ');
  const size = String(facts.size).padStart(8);
  return `${modeText(facts)} ${facts.nlink} work work ${size} ${day} ${name}`;
}
