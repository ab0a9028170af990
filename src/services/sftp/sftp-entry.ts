/** A file of a session as the answers of `bai sftp` show it. */

import type { RemoteAttributes, RemoteEntry, RemoteKind } from '../../transfer/remote-files.ts';

interface SftpEntry {
  readonly name: string;
  readonly kind: RemoteKind;
  /** Bytes. */
  readonly size: number | undefined;
  /** Permission bits in octal, e.g. `0644`. */
  readonly mode: string | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** ISO 8601. */
  readonly modifiedAt: string | undefined;
}

export function describeEntry({ name, attributes }: RemoteEntry): SftpEntry {
  return {
    name,
    kind: attributes.kind,
    size: attributes.size,
    mode: attributes.mode?.toString(8).padStart(4, '0'),
    uid: attributes.uid,
    gid: attributes.gid,
    modifiedAt: isoTime(attributes.modifiedAt),
  };
}

const kindLetters: Readonly<Record<RemoteKind, string>> = {
  file: '-',
  folder: 'd',
  link: 'l',
  other: '?',
  unknown: '?',
};

/** As `ls -l` writes it, e.g. `-rw-r--r--`. */
export function modeText({ kind, mode }: RemoteAttributes): string {
  if (mode === undefined) return `${kindLetters[kind]}?????????`;
  const letters = 'rwxrwxrwx'.split('');
  return (
    kindLetters[kind] + letters.map((letter, index) => (mode & (0o400 >> index) ? letter : '-')).join('')
  );
}

/** The clock on the wire has 32 bits, so every second it can name is a date. */
function isoTime(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : new Date(seconds * 1000).toISOString();
}
