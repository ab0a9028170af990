/** What a server says about a file, checked before anything relies on it. */

export type RemoteKind = 'file' | 'folder' | 'link' | 'other' | 'unknown';

export interface RemoteAttributes {
  readonly kind: RemoteKind;
  /** Bytes; nothing when the server does not say. */
  readonly size: number | undefined;
  /** The permission bits, without setuid, setgid and sticky. */
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** Seconds since 1970. */
  readonly modifiedAt: number | undefined;
  readonly accessedAt: number | undefined;
}

/** A name as the server listed it: not checked, never to be joined to a local path as it is. */
export interface RemoteEntry {
  readonly name: string;
  readonly attributes: RemoteAttributes;
}

/** Nothing when the answer is no set of attributes, or names a size that no file can have. */
export function readAttributes(answer: unknown): RemoteAttributes | undefined {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer) || Buffer.isBuffer(answer)) {
    return undefined;
  }
  const field = (name: string): number | undefined => {
    const value: unknown = Reflect.get(answer, name);
    return typeof value === 'number' ? value : undefined;
  };
  const size = field('size');
  if (size !== undefined && !Number.isSafeInteger(size)) return undefined;
  const mode = field('mode');
  return {
    kind: kindOf(mode),
    size,
    mode: mode === undefined ? undefined : mode & 0o777,
    uid: field('uid'),
    gid: field('gid'),
    modifiedAt: field('mtime'),
    accessedAt: field('atime'),
  };
}

/** Nothing when the answer is no list of names. */
export function readEntries(answer: unknown): RemoteEntry[] | undefined {
  if (!Array.isArray(answer)) return undefined;
  const entries: RemoteEntry[] = [];
  for (const item of answer as readonly unknown[]) {
    if (typeof item !== 'object' || item === null) return undefined;
    const name: unknown = Reflect.get(item, 'filename');
    const attributes = readAttributes(Reflect.get(item, 'attrs'));
    if (typeof name !== 'string') return undefined;
    entries.push({ name, attributes: attributes ?? unknownAttributes });
  }
  return entries;
}

const unknownAttributes: RemoteAttributes = {
  kind: 'unknown',
  size: undefined,
  mode: undefined,
  uid: undefined,
  gid: undefined,
  modifiedAt: undefined,
  accessedAt: undefined,
};

/** The type bits are those of POSIX on the wire, whatever this machine's constants are. */
function kindOf(mode: number | undefined): RemoteKind {
  switch ((mode ?? 0) & 0o170_000) {
    case 0o100_000:
      return 'file';
    case 0o040_000:
      return 'folder';
    case 0o120_000:
      return 'link';
    case 0:
      return 'unknown';
    default:
      return 'other';
  }
}
