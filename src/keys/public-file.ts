/** The one reader of public keys: a line of OpenSSH (options in front or not), the SSH2 form (RFC 4716), PEM and PKCS#8. */

import { createPublicKey, type KeyObject } from 'node:crypto';
import { algorithms, type PublicLine, parsePublicLine } from '../core/keys/public-line.ts';
import { UsageError } from '../errors.ts';
import { publicBlobOf } from './key-pair.ts';
import { linesOf, mostKeyBytes, plainBytes } from './key-text.ts';
import { dsaBlob } from './pem-file.ts';
import { MalformedKey, WireReader } from './ssh-wire.ts';

/** Nothing where there is not a public key; throws a MalformedKey that says what is wrong with what there is. */
export function readPublic(bytes: Uint8Array): PublicLine | undefined {
  if (bytes.length > mostKeyBytes) return undefined;
  const text = plainBytes(bytes).toString('utf8').trim();
  if (isPem.test(text)) return fromPem(text);
  if (/^-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/m.test(text))
    throw new MalformedKey('it is an X.509 certificate, which is not an SSH key');
  if (isSsh2.test(text)) return fromSsh2(text);
  return fromLines(meantLines(text));
}

/** Whether a file that nobody has named is likely to be meant as one: lists of hosts hold keys too. */
export function looksPublic(bytes: Uint8Array): boolean {
  if (bytes.length > mostKeyBytes) return false;
  const text = plainBytes(bytes).toString('utf8').trim();
  const [first = ''] = meantLines(text);
  return isPem.test(text) || isSsh2.test(text) || /^\s*(ssh|ecdsa|sk)-\S+\s/.test(first) || hasOptions(first);
}

const isPem = /^-----BEGIN (RSA |EC |DSA )?PUBLIC KEY-----/m;
const isSsh2 = /^-{4} BEGIN SSH2 PUBLIC KEY -{4}/m;

/** Without comments and empty lines, as in authorized_keys. */
function meantLines(text: string): string[] {
  return linesOf(text).filter((line) => !/^\s*(#|$)/.test(line));
}

/** Those of sshd(8); a line with any other is passed over. */
const option =
  /^((no-)?(agent-forwarding|port-forwarding|pty|user-rc|X11-forwarding|touch-required)|cert-authority|restrict|verify-required|(command|environment|expiry-time|from|permitlisten|permitopen|principals|tunnel)=")/i;

function hasOptions(line: string): boolean {
  return option.test(line.trim());
}

/** As `readPublic`, where it must be one: throws a UsageError that names `origin`. */
export function requirePublic(bytes: Uint8Array, origin: string): PublicLine {
  try {
    const key = readPublic(bytes);
    if (key !== undefined) return key;
  } catch (error) {
    if (!(error instanceof MalformedKey)) throw error;
    throw notPublic(`${origin} cannot be read as a public key: ${error.message}`, error.hint ?? looks);
  }
  throw notPublic(`${origin} is not a public key`, looks);
}

const looks = 'it looks like `ssh-ed25519 AAAA… you@host`; the SSH2 form, PEM and PKCS#8 are read too';

function notPublic(message: string, hint: string): UsageError {
  return new UsageError(message, { code: 'not-a-public-key', hint });
}

function fromLines(lines: readonly string[]): PublicLine | undefined {
  const keys = lines.map((line) => parsePublicLine(line)).filter((key) => key !== undefined);
  const [key] = keys;
  if (keys.length > 1) throw new MalformedKey('it holds several keys', { hint: 'give one public key' });
  if (key !== undefined && lines.length > 1) throw new MalformedKey('it holds more than one line', oneLine);
  if (key !== undefined && key.options !== '' && !hasOptions(key.options))
    throw new MalformedKey(noOption, oneLine);
  if (key !== undefined && lineBreaks.test(lines[0] ?? ''))
    throw new MalformedKey('it contains a control character', oneLine);
  if (key !== undefined) return key;
  const [like] = lines.flatMap((line) => /(?:^|\s)((?:ssh|ecdsa|sk)-[\w@.-]+)[ \t]+AAAA.*/.exec(line) ?? []);
  if (like === undefined) return undefined;
  // Several words, such as a host and a mark of known_hosts.
  if (parsePublicLine(like) !== undefined) throw new MalformedKey(noOption, oneLine);
  throw whyNot(like.trim().split(/\s/, 1)[0] ?? '');
}

const noOption = 'what comes before the key is not an option of authorized_keys';

/** Of other programs; and what ends a text for some. */
const lineBreaks = /[\v\f\u0085\u2028\u2029\0]/;

const oneLine = { hint: 'copy it again, as one line' };

function whyNot(type: string): MalformedKey {
  if (/-cert-v\d\d@/.test(type))
    return new MalformedKey('it is a certificate', { hint: 'give the public key that it was made for' });
  if (!algorithms.has(type)) return new MalformedKey(`it is of the type ${type}, which sessions do not know`);
  return new MalformedKey('it is damaged, or broken into several lines', oneLine);
}

/** Headers, of which a `\` continues the line, then base64. */
function fromSsh2(text: string): PublicLine {
  const lines = linesOf(text).map((line) => line.trim());
  const start = lines.findIndex((line) => line.startsWith('---- BEGIN SSH2'));
  const end = lines.findIndex((line) => line.startsWith('---- END SSH2'));
  if (end < start) throw new MalformedKey('it ends too early');
  if (lines.findLastIndex((line) => line.startsWith('---- BEGIN SSH2')) !== start)
    throw new MalformedKey('it holds several keys', { hint: 'give one public key' });
  const inside = lines
    .slice(start + 1, end)
    .join('\n')
    .replaceAll('\\\n', '')
    .split('\n');
  const comment = inside
    .map((line) => /^Comment:\s*(.*)$/i.exec(line)?.[1])
    .find((found) => found !== undefined);
  const base64 = inside.filter((line) => !line.includes(':')).join('');
  const plain = (comment ?? '').replace(/^"(.*)"$/, '$1').replaceAll('\\"', '"');
  return fromBlob(Buffer.from(base64, 'base64'), plain);
}

function fromPem(text: string): PublicLine {
  const [pem = ''] =
    /-----BEGIN [A-Z ]*PUBLIC KEY-----[\s\S]*?-----END [A-Z ]*PUBLIC KEY-----/.exec(text) ?? [];
  const lines = linesOf(pem).map((line) => line.trim());
  return fromBlob(blobOf(openPublic(`${lines.filter((line) => line !== '').join('\n')}\n`)), '');
}

function openPublic(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch {
    throw new MalformedKey('it is damaged');
  }
}

function blobOf(key: KeyObject): Buffer {
  return key.asymmetricKeyType === 'dsa' ? dsaBlob(key) : publicBlobOf(key);
}

/** By way of a line, which looks whether its parts are those of its type. */
function fromBlob(blob: Buffer, comment: string): PublicLine {
  const type = new WireReader(blob).string().toString('latin1');
  const line = parsePublicLine(`${type} ${blob.toString('base64')}`);
  if (line === undefined) throw whyNot(type);
  return { ...line, comment };
}
