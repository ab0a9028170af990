/** bai's own known_hosts: one pin per session, in OpenSSH's format so that `ssh` reads the same file. */

import { createHash } from 'node:crypto';
import { algorithms } from '../../core/keys/public-line.ts';
import { placeName, type SessionRef } from '../../core/session/session.ts';
import { typed } from '../../core/text/typed.ts';
import { ConflictError, LocalSystemError, ProtocolError } from '../../errors.ts';
import type { LockWait } from '../../files/lock.ts';
import { changeOwnFile, readOwnFile } from '../../files/own-file.ts';
import { formatLine, type HostKeyLine, keepLines, keyType, readLines } from './known-hosts-lines.ts';

export { keyType } from './known-hosts-lines.ts';

interface KnownHosts {
  readonly path: string;
  /** Public key blobs pinned under this name; revoked ones are never among them. */
  pinned(alias: string): Promise<readonly Uint8Array[]>;
  /** For people: its fingerprint (`SHA256:…`), and its type as ssh says it (`ED25519`). */
  describe(key: Uint8Array): { readonly fingerprint: string; readonly type: string };
  /** Pins a key that was learnt over an authenticated channel. */
  pin(alias: string, key: Uint8Array): Promise<void>;
  /** Those of this name, and of the names it begins with a dash after it: the nodes of a session. */
  family(alias: string): Promise<readonly PinnedKey[]>;
  /** The same, and whether there was one to forget. */
  forget(alias: string): Promise<boolean>;
  /**
   * Throws a ConflictError unless the key is the pinned one; a key seen for the first time is pinned.
   * Every doubt (file unreadable, a line nobody understands, a revoked key) refuses.
   */
  verify(alias: string, key: Uint8Array, place: Place): Promise<'known' | 'pinned'>;
}

type Place = Pick<SessionRef, 'name' | 'node'>;

export interface PinnedKey {
  readonly alias: string;
  readonly key: Uint8Array;
}

export function openKnownHosts(path: string, wait?: LockWait): KnownHosts {
  const inTurn = takeTurns();
  const linesOf = async (alias: string): Promise<HostKeyLine[]> =>
    readLines(await readIfThere(path), path).filter((line) => line.alias === alias);
  return {
    path,
    async pinned(alias) {
      return pinsOf(await linesOf(alias));
    },
    describe(key) {
      return { fingerprint: fingerprints(key).sha256, type: algorithms.get(keyType(key)) ?? 'a key' };
    },
    async pin(alias, key) {
      const line = formatLine(alias, key);
      if (line === undefined) throw notPinnable(alias);
      await changeOwnFile(path, (text = '') => keepLines(text) + line, wait);
    },
    async family(alias) {
      const lines = readLines(await readIfThere(path), path);
      // Releases before this one let two first uses at the same time leave two lines.
      const isFirst = ({ alias: name, key }: HostKeyLine, index: number): boolean =>
        lines.findIndex((other) => other.alias === name && other.key.equals(key)) === index;
      return lines.filter((line, index) => isPinOf(line, alias) && isFirst(line, index));
    },
    async forget(alias) {
      // A revocation stays: it says something about the key, not about the session.
      const without = (text: string): string => keepLines(text, (line) => !isPinOf(line, alias));
      const text = await readIfThere(path);
      if (without(text) === keepLines(text)) return false;
      await changeOwnFile(path, (now) => now && without(now), wait);
      return true;
    },
    async verify(alias, key, place) {
      const use = { path, key, place };
      if (isKnown(await linesOf(alias), use)) return 'known';
      const line = formatLine(alias, key);
      if (line === undefined) throw notPinnable(alias);
      // Of two first uses at the same time that saw different keys, the one whose turn came first holds.
      const pin = (text = ''): string | undefined => {
        const lines = readLines(text, path).filter((each) => each.alias === alias);
        return isKnown(lines, use) ? undefined : keepLines(text) + line;
      };
      await inTurn(() => changeOwnFile(path, pin, wait));
      return 'pinned';
    },
  };
}

interface HostKeyUse {
  readonly path: string;
  readonly key: Uint8Array;
  readonly place: Place;
}

/** Whether the key is pinned; throws when another one is, and when it is revoked. */
function isKnown(lines: readonly HostKeyLine[], { path, key, place }: HostKeyUse): boolean {
  const same = lines.filter((line) => line.key.equals(key));
  if (same.some((line) => line.marker === '@revoked')) throw revoked(key, place, path);
  if (same.length > 0) return true;
  const pinned = pinsOf(lines);
  if (pinned.length > 0) throw changed({ place, path, key, pinned });
  return false;
}

function pinsOf(lines: readonly HostKeyLine[]): Buffer[] {
  const keys = lines.filter((line) => line.marker === '').map((line) => line.key);
  return keys.filter((key, index) => keys.findIndex((other) => other.equals(key)) === index);
}

function isPinOf(line: HostKeyLine, alias: string): boolean {
  return line.marker === '' && (line.alias === alias || line.alias.startsWith(`${alias}-`));
}

/** A missing file is no pins. Anything else that cannot be read is no first use, but a reason to refuse. */
async function readIfThere(path: string): Promise<string> {
  try {
    return (await readOwnFile(path)) ?? '';
  } catch (cause) {
    throw new LocalSystemError(`the host keys in ${path} cannot be read`, {
      code: 'known-hosts-unreadable',
      hint: 'make it a file that you can read, or remove it: bai then learns the host keys again',
      cause,
    });
  }
}

export interface Fingerprints {
  /** `SHA256:…`, as `ssh` shows it. */
  readonly sha256: string;
  /** `MD5:aa:bb:…`, as PuTTY and older clients show it. */
  readonly md5: string;
}

export function fingerprints(key: Uint8Array): Fingerprints {
  const md5 = createHash('md5').update(key).digest('hex').match(/../g) ?? [];
  const sha256 = createHash('sha256').update(key).digest('base64').replace(/=+$/, '');
  return { sha256: `SHA256:${sha256}`, md5: `MD5:${md5.join(':')}` };
}

interface Change {
  readonly place: Place;
  readonly path: string;
  readonly key: Uint8Array;
  readonly pinned: readonly Uint8Array[];
}

function changed({ place, path, key, pinned }: Change): ConflictError {
  const shown = (each: Uint8Array): string => `${fingerprints(each).sha256} (${fingerprints(each).md5})`;
  return new ConflictError(
    `the host key of ${placeName(place)} is not the one pinned for it; pinned: ${pinned.map(shown).join(', ')}; offered: ${shown(key)}`,
    {
      code: 'host-key-changed',
      hint: `nothing was sent. Agents before 26.3 make a new host key when a session is restarted; if that is the case, run \`${typed(['bai', 'host-key', 'forget', place.name])}\`. If not, somebody may be intercepting the connection`,
      details: { knownHosts: path, offered: fingerprints(key), pinned: pinned.map(fingerprints) },
    },
  );
}

function revoked(key: Uint8Array, place: Place, path: string): ConflictError {
  return new ConflictError(`the host key of ${placeName(place)} is marked as revoked in ${path}`, {
    code: 'host-key-revoked',
    hint: 'do not use this session; make a new one',
    details: { offered: fingerprints(key) },
  });
}

/** Either would break the file's lines, or add one that speaks for other hosts. */
function notPinnable(alias: string): ProtocolError {
  return new ProtocolError(`the host key of ${alias} is not in a form that can be pinned`, {
    code: 'host-key-strange',
  });
}

/** The containers of a session are all met at once: one command does not wait for its own lock, nor tell of it. */
function takeTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
}
