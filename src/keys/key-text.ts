/** Key files as text, as editors, e-mail and copying leave them; and what of that ssh does not read. */

import { MalformedKey } from './ssh-wire.ts';

/** No key is longer; nothing longer is read. */
export const mostKeyBytes = 64 * 1024;

/** One byte for each character of the key, in whatever encoding the file is. */
export function plainBytes(bytes: Uint8Array): Buffer {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const encoding = encodingOf(all);
  if (encoding === 'utf-8') return all.subarray(3);
  return encoding === undefined ? all : Buffer.from(new TextDecoder(encoding).decode(all));
}

/** Where it is not the bytes as they stand: by the mark in front, or by the NULs of a text that has none. */
function encodingOf(bytes: Buffer): 'utf-8' | 'utf-16le' | 'utf-16be' | undefined {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const begin = bytes.subarray(0, 8).toString('latin1');
  if (/^(?:[\x20-\x7e]\0){4}$/.test(begin)) return 'utf-16le';
  return /^(?:\0[\x20-\x7e]){4}$/.test(begin) ? 'utf-16be' : undefined;
}

export function linesOf(text: string): string[] {
  return text.split(/\r\n|\r|\n/);
}

const begin = /-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY)-----/;

/**
 * A private key from its first dash to its last, with plain line ends and without the blanks around lines. Nothing
 * where none begins; throws a MalformedKey where it has no end.
 */
export function pemOf(bytes: Uint8Array): string | undefined {
  const text = plainBytes(bytes).toString('latin1');
  const start = begin.exec(text);
  if (start === null) return undefined;
  const end = text.indexOf(`-----END ${start[1]}-----`, start.index);
  if (end < 0) throw new MalformedKey('it ends too early');
  const lines = linesOf(text.slice(start.index, end)).map((line) => line.trim());
  return `${withoutGaps(lines).join('\n')}${start[0].replace('BEGIN', 'END')}\n`;
}

/** Empty lines mean something behind the headers of an encrypted PEM alone. */
function withoutGaps(lines: readonly string[]): readonly string[] {
  const headers = lines.findLastIndex((line) => /^[A-Za-z-]+: /.test(line));
  return lines.filter((line, at) => line !== '' || at === headers + 1 || at === lines.length - 1);
}

/**
 * Why ssh cannot read a private key that is whole, for people; nothing when it can. OpenSSH's own format has to begin with the
 * first byte and to have plain line ends; PEM is read by OpenSSL, which minds less.
 */
export function unreadableForSsh(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString('latin1');
  const encoding = encodingOf(Buffer.from(bytes));
  if (encoding === 'utf-16le' || encoding === 'utf-16be') return 'is in UTF-16';
  if (!text.includes('\n')) return 'has the line endings of another system';
  const isOpenssh = begin.exec(text)?.[1] === 'OPENSSH PRIVATE KEY';
  return isOpenssh ? unreadableOpenssh(text, encoding === 'utf-8') : unreadablePem(text);
}

function unreadableOpenssh(text: string, hasMark: boolean): string | undefined {
  if (hasMark) return 'begins with a byte order mark';
  if (!text.startsWith('-----BEGIN ')) return 'has something in front of its first line';
  if (/^-----BEGIN [A-Z ]+-----\r\n/.test(text)) return 'has Windows line endings';
  if (!/^-----BEGIN [A-Z ]+-----\n/.test(text)) return 'has spaces at the ends of its lines';
  const end = /\n-----END [A-Z ]+-----([^\n]*)(\n?)/.exec(text);
  if (end === null) return 'has spaces in front of its lines';
  if (end[1] === '\r') return 'has Windows line endings';
  if (end[1] !== '') return 'has spaces at the ends of its lines';
  return end[2] === '' ? 'has no line break after its last line' : undefined;
}

function unreadablePem(text: string): string | undefined {
  const lines = text.split('\n').map((line) => line.trimEnd());
  const first = lines.findIndex((line) => begin.test(line));
  const last = lines.findIndex((line, at) => at > first && line.includes('-----END '));
  const inside = lines.slice(first, last + 1);
  if (inside.some((line) => /^\s|\r/.test(line))) return 'has spaces in front of its lines';
  const headers = inside.findLastIndex((line) => /^[A-Za-z-]+: /.test(line));
  const hasGap = inside.some((line, at) => line === '' && (headers < 0 || at !== headers + 1));
  return hasGap ? 'has empty lines in it' : undefined;
}
