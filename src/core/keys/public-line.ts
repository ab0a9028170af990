/** Public keys as one line of text: `TYPE BASE64 COMMENT`, in authorized_keys also with options in front. */

import { UsageError } from '../../errors.ts';
import { sanitizeLine } from '../text/sanitize.ts';

export interface PublicLine {
  /** What stands before the type, e.g. `no-pty,command="date"`; mostly empty. */
  readonly options: string;
  readonly type: string;
  /** The key as SSH sends it: lines with the same blob mean the same key. */
  readonly blob: Uint8Array;
  readonly comment: string;
}

/** SSH's names of the types, and as people and ssh-keygen say them. */
export const algorithms: ReadonlyMap<string, string> = new Map([
  ['ssh-rsa', 'RSA'],
  ['ssh-dss', 'DSA'],
  ['ssh-ed25519', 'ED25519'],
  ['ecdsa-sha2-nistp256', 'ECDSA'],
  ['ecdsa-sha2-nistp384', 'ECDSA'],
  ['ecdsa-sha2-nistp521', 'ECDSA'],
  ['sk-ssh-ed25519@openssh.com', 'ED25519-SK'],
  ['sk-ecdsa-sha2-nistp256@openssh.com', 'ECDSA-SK'],
]);

/** The sessions' dropbear passes over longer lines. */
const longestLine = 3_000;

/** Nothing for what is no key: a comment, an empty line, or text that servers pass over as well. */
export function parsePublicLine(line: string): PublicLine | undefined {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return undefined;
  const bare = keyOf(text, '');
  if (bare !== undefined) return bare;
  const end = endOfOptions(text);
  return end === undefined ? undefined : keyOf(text.slice(end).trimStart(), text.slice(0, end));
}

export function formatPublicLine({ options, type, blob, comment }: PublicLine): string {
  const base64 = btoa(String.fromCharCode(...blob));
  return [options, type, base64, comment].filter((part) => part !== '').join(' ');
}

/**
 * As it is handed to a platform that may write it into a shell: without options, and of the comment only what means nothing
 * there.
 */
export function plainPublicLine({ type, blob, comment }: PublicLine): string {
  const plain = comment.replace(/[^A-Za-z0-9@._]+/g, '-').replace(/^-+|-+$/g, '');
  return formatPublicLine({ options: '', type, blob, comment: plain.slice(0, longestComment) });
}

const longestComment = 100;

/** A key that a session may be given, with a comment that is safe to show; `origin` names it in the UsageError that any other is. */
export function checkAuthorizable(key: PublicLine, origin: string): PublicLine {
  checkStrength(key.type, key.blob, origin);
  const read = { ...key, comment: sanitizeLine(key.comment).slice(0, 200) };
  if (sanitizeLine(read.options) !== read.options) {
    throw notPublic(`${origin} has a control character in its options`, 'write the line anew');
  }
  if (new TextEncoder().encode(formatPublicLine(read)).length > longestLine) {
    throw notPublic(
      `${origin} is longer than ${longestLine} bytes`,
      'the sessions’ servers ignore such lines',
    );
  }
  return read;
}

/** Throws a UsageError for a key that the sessions' servers refuse, or that protects nothing. */
export function checkStrength(type: string, blob: Uint8Array, origin: string): void {
  if (type === 'ssh-dss') {
    throw new UsageError(`${origin} is a DSA key, which no current server takes`, {
      code: 'weak-key',
      hint: 'make an Ed25519 key: `bai key generate`',
    });
  }
  const bits = type === 'ssh-rsa' ? bitLength(fieldsOf(blob)?.[2] ?? new Uint8Array()) : Infinity;
  if (bits < 2048) {
    throw new UsageError(`${origin} is an RSA key of ${bits} bits, which is too short`, {
      code: 'weak-key',
      hint: 'make one of 3072 bits or more, or an Ed25519 key: `bai key generate`',
    });
  }
}

/** Of a number as SSH sends it, zeros in front or not. */
export function bitLength(number: Uint8Array): number {
  const start = number.findIndex((byte) => byte !== 0);
  return start < 0 ? 0 : (number.length - start) * 8 - Math.clz32(number[start] ?? 0) + 24;
}

function keyOf(text: string, options: string): PublicLine | undefined {
  const [, type = '', base64 = '', comment = ''] =
    /^(\S{1,64})[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t]+(.*))?$/s.exec(text) ?? [];
  if (!algorithms.has(type)) return undefined;
  const blob = decode(base64);
  const fields = blob && fieldsOf(blob);
  if (blob === undefined || fields === undefined || !hasShape(type, fields)) return undefined;
  return { options, type, blob, comment };
}

function decode(base64: string): Uint8Array | undefined {
  if (base64.replace(/=+$/, '').length % 4 === 1) return undefined;
  return Uint8Array.from(atob(base64.replace(/=+$/, '')), (character) => character.charCodeAt(0));
}

/** The blob's strings; nothing when they do not fill it exactly. */
function fieldsOf(blob: Uint8Array): readonly Uint8Array[] | undefined {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const fields: Uint8Array[] = [];
  for (let at = 0; at < blob.length; ) {
    if (at + 4 > blob.length) return undefined;
    const length = view.getUint32(at);
    if (length > blob.length - at - 4) return undefined;
    fields.push(blob.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return fields;
}

const fieldCounts: Readonly<Record<string, number>> = { 'ssh-ed25519': 2, 'ssh-dss': 5 };

/** The type inside is the one in front, and there are as many parts as it has. */
function hasShape(type: string, fields: readonly Uint8Array[]): boolean {
  const inside = String.fromCharCode(...(fields[0]?.subarray(0, 64) ?? []));
  const isWhole = fields.every((field) => field.length > 0);
  const count = fieldCounts[type] ?? (type.startsWith('sk-ecdsa') ? 4 : 3);
  if (type === 'ssh-ed25519' && fields[1]?.length !== 32) return false;
  return inside === type && fields.length === count && isWhole;
}

/** Options end at the first blank that is not between quotes. */
function endOfOptions(text: string): number | undefined {
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\\' && text[at + 1] === '"') at += 1;
    else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (character === ' ' || character === '\t')) return at;
  }
  return undefined;
}

function notPublic(message: string, hint: string): UsageError {
  return new UsageError(message, { code: 'not-a-public-key', hint });
}
