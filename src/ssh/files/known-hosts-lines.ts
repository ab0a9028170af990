/** The lines of a known_hosts file: which are pins, which are none, and what a writer left that did not come to its end. */

import { LocalSystemError } from '../../errors.ts';

export interface HostKeyLine {
  /** `@revoked` and its like; empty for a pin. */
  readonly marker: string;
  readonly alias: string;
  readonly key: Buffer;
}

/** Throws for a line that nobody understands; one that was cut off is no pin. */
export function readLines(text: string, path: string): HostKeyLine[] {
  return text.split('\n').flatMap((line, index, all) => {
    if (/^\s*(#|$)/.test(line)) return [];
    const entry = readLine(line);
    if (entry !== undefined && isWhole(entry.key)) return [entry];
    // The first bai to write again takes it away.
    if (entry !== undefined || index === all.length - 1) return [];
    throw new LocalSystemError(`line ${index + 1} of ${path} is not a host key`, {
      code: 'known-hosts-broken',
      hint: 'remove that line, or the file: bai then learns the host keys again',
    });
  });
}

/** All lines but those cut off and those that are not to be kept, each with its end. */
export function keepLines(text: string, isKept: (entry: HostKeyLine) => boolean = () => true): string {
  const lines = text.split('\n');
  const last = lines.length - 1;
  const kept = lines.filter((line, index) => {
    const entry = readLine(line);
    if (entry !== undefined) return isWhole(entry.key) && isKept(entry);
    return index < last || /^\s*#/.test(line);
  });
  return kept.map((line) => `${line}\n`).join('');
}

/** Nothing when the alias or the key has no form that a line can hold: it would break the file, or speak for other hosts. */
export function formatLine(alias: string, key: Uint8Array): string | undefined {
  const line = `${alias} ${keyType(key)} ${Buffer.from(key).toString('base64')}`;
  if (!/^[\w.-]+$/.test(alias) || !/^[\w.@-]+$/.test(keyType(key))) return undefined;
  const read = readLine(line);
  return read !== undefined && isWhole(read.key) ? `${line}\n` : undefined;
}

function readLine(line: string): HostKeyLine | undefined {
  const match = /^(?:(@\S+)\s+)?(\S+)\s+(\S+)\s+([A-Za-z0-9+/]+=*)(?:\s|$)/.exec(line);
  if (!match) return undefined;
  const key = Buffer.from(match[4] ?? '', 'base64');
  return key.length > 4 && keyType(key) === match[3]
    ? { marker: match[1] ?? '', alias: match[2] ?? '', key }
    : undefined;
}

/** Of the usual types: a key that ends between two of its fields would look whole. */
const fieldCounts: Readonly<Record<string, number>> = { 'ssh-rsa': 3, 'ssh-dss': 5, 'ssh-ed25519': 2 };
const fieldsOfCurve = 3;

/** A public key is a row of fields, each behind its length (RFC 4251, section 5). */
function isWhole(key: Buffer): boolean {
  const type = keyType(key);
  let fields = 0;
  let end = 0;
  for (; end + 4 <= key.length; fields += 1) end += 4 + key.readUInt32BE(end);
  const wanted = fieldCounts[type] ?? (type.startsWith('ecdsa-') ? fieldsOfCurve : 2);
  return end === key.length && fields >= wanted;
}

/** The algorithm name a public key blob begins with. */
export function keyType(key: Uint8Array): string {
  const blob = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  const length = blob.length >= 4 ? blob.readUInt32BE(0) : 0;
  return blob.subarray(4, 4 + length).toString('latin1');
}
