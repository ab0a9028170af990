/** bai's own known_hosts: one pin per session, in OpenSSH's format so that `ssh` reads the same file. */

import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { placeName, type SessionRef } from '../core/session.ts';
import { ConflictError, LocalSystemError, ProtocolError, systemCode } from '../errors.ts';
import { isLink, replaceWith } from './small-file.ts';

export interface KnownHosts {
  readonly path: string;
  /** Public key blobs pinned under this name; revoked ones are never among them. */
  pinned(alias: string): Promise<readonly Uint8Array[]>;
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

interface Entry extends PinnedKey {
  readonly marker: string;
  readonly key: Buffer;
}

export function openKnownHosts(path: string): KnownHosts {
  const entriesOf = async (alias: string): Promise<Entry[]> =>
    parseKnownHosts(await readIfThere(path), path).filter((entry) => entry.alias === alias);
  /** Of two first uses at the same time that saw different keys, the one whose line came first holds. */
  const yieldToFirst = async (alias: string, key: Uint8Array, place: Place): Promise<void> => {
    const [first = key] = await hosts.pinned(alias);
    if (Buffer.from(first).equals(key)) return;
    const lines = (await readIfThere(path)).split('\n');
    const isOurs = (entry: Entry | undefined): boolean =>
      entry?.marker === '' && entry.alias === alias && entry.key.equals(key);
    await rewrite(
      path,
      lines.filter((line) => !isOurs(parseLine(line))),
    );
    throw changed({ place, path, key, pinned: [first] });
  };
  const hosts: KnownHosts = {
    path,
    async pinned(alias) {
      return pinsOf(await entriesOf(alias));
    },
    async pin(alias, key) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      if (!/^[\w.-]+$/.test(alias) || !/^[\w.@-]+$/.test(keyType(key))) throw notPinnable(alias);
      const before = await readIfThere(path);
      const start = before === '' || before.endsWith('\n') ? '' : '\n';
      const line = `${alias} ${keyType(key)} ${Buffer.from(key).toString('base64')}\n`;
      // One write in append mode: two first uses at the same time both keep their line.
      await appendFile(path, start + line, { mode: 0o600, flush: true });
    },
    async family(alias) {
      const entries = parseKnownHosts(await readIfThere(path), path);
      // Two first uses at the same time have left two lines.
      const isFirst = ({ alias: name, key }: Entry, index: number): boolean =>
        entries.findIndex((other) => other.alias === name && other.key.equals(key)) === index;
      return entries.filter((entry, index) => isPinOf(entry, alias) && isFirst(entry, index));
    },
    async forget(alias) {
      const text = await readIfThere(path);
      const lines = text.split('\n');
      // A revocation stays: it says something about the key, not about the session.
      const kept = lines.filter((line) => !isPinOf(parseLine(line), alias));
      if (kept.length === lines.length) return false;
      await rewrite(path, kept);
      return true;
    },
    async verify(alias, key, place) {
      const entries = await entriesOf(alias);
      const same = entries.filter((entry) => entry.key.equals(key));
      if (same.some((entry) => entry.marker === '@revoked')) throw revoked(key, place, path);
      if (same.length > 0) return 'known';
      // Of the same reading: a first use beside this one may have pinned the very key meanwhile.
      const pinned = pinsOf(entries);
      if (pinned.length > 0) throw changed({ place, path, key, pinned });
      await hosts.pin(alias, key);
      await yieldToFirst(alias, key, place);
      return 'pinned';
    },
  };
  return hosts;
}

/** First uses at the same time each leave a line. */
function pinsOf(entries: readonly Entry[]): Buffer[] {
  const keys = entries.filter((entry) => entry.marker === '').map((entry) => entry.key);
  return keys.filter((key, index) => keys.findIndex((other) => other.equals(key)) === index);
}

async function rewrite(path: string, lines: readonly string[]): Promise<void> {
  const options = { flag: 'wx', mode: 0o600, flush: true } as const;
  await replaceWith(path, (beside) => writeFile(beside, lines.join('\n'), options));
}

function isPinOf(entry: Entry | undefined, alias: string): boolean {
  if (entry === undefined || entry.marker !== '') return false;
  return entry.alias === alias || entry.alias.startsWith(`${alias}-`);
}

/** A missing file is no pins. Anything else that cannot be read is no first use, but a reason to refuse. */
async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT' && !(await isLink(path))) return '';
    throw new LocalSystemError(`the host keys in ${path} cannot be read`, {
      code: 'known-hosts-unreadable',
      hint: 'make it a file that you can read, or remove it: bai then learns the host keys again',
      cause,
    });
  }
}

function parseKnownHosts(text: string, path: string): Entry[] {
  return text.split('\n').flatMap((line, index) => {
    if (/^\s*(#|$)/.test(line)) return [];
    const entry = parseLine(line);
    if (entry) return [entry];
    throw new LocalSystemError(`line ${index + 1} of ${path} is not a host key`, {
      code: 'known-hosts-broken',
      hint: 'remove that line, or the file: bai then learns the host keys again',
    });
  });
}

function parseLine(line: string): Entry | undefined {
  const match = /^(?:(@\S+)\s+)?(\S+)\s+(\S+)\s+([A-Za-z0-9+/]+=*)(?:\s|$)/.exec(line);
  if (!match) return undefined;
  const key = Buffer.from(match[4] ?? '', 'base64');
  return key.length > 4 && keyType(key) === match[3]
    ? { marker: match[1] ?? '', alias: match[2] ?? '', key }
    : undefined;
}

/** The algorithm name a public key blob begins with. */
export function keyType(key: Uint8Array): string {
  const blob = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  const length = blob.length >= 4 ? blob.readUInt32BE(0) : 0;
  return blob.subarray(4, 4 + length).toString('latin1');
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
      hint: `nothing was sent. Agents before 26.3 make a new host key when a session is restarted; if that is the case, run \`bai host-key forget ${place.name}\`. If not, somebody may be in between`,
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
  return new ProtocolError(`the host key of ${alias} is of no form that can be pinned`, {
    code: 'host-key-strange',
  });
}
