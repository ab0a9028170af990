/** From what a user names to one public key: a file, a line, stdin, or the key that ssh would offer first. */

import { basename, join } from 'node:path';
import { sameBytes } from '../core/authorized-keys.ts';
import { personalKeyNames } from '../core/key-names.ts';
import {
  formatPublicLine,
  type PublicLine,
  parsePublicLine,
  readAnyPublicLine,
  readPublicLine,
} from '../core/public-line.ts';
import { shellCommand, shellQuote } from '../core/shell-quote.ts';
import { NotFoundError, UsageError } from '../errors.ts';
import type { KeyReading } from './key-tools.ts';

export interface FindKeyDeps extends Pick<KeyReading, 'readFile' | 'publicHalf' | 'keyType'> {
  readonly sshFolder: string;
  readStdin(): Promise<Uint8Array>;
  isPrivateKey(bytes: Uint8Array): boolean;
}

/** A key that a session may accept. */
export async function findPublicKey(source: string | undefined, deps: FindKeyDeps): Promise<PublicLine> {
  if (source === undefined) return findDefault(deps);
  const { text, origin } = await textOf(source, deps);
  return readPublicLine(text, origin);
}

/** Any key, weak ones too, to be taken away. */
export async function findAnyPublicKey(source: string, deps: FindKeyDeps): Promise<PublicLine> {
  const { text, origin } = await textOf(source, deps);
  return readAnyPublicLine(text, origin);
}

interface Found {
  readonly text: string;
  readonly origin: string;
}

async function textOf(source: string, deps: FindKeyDeps): Promise<Found> {
  if (source === '-') {
    const bytes = await deps.readStdin();
    if (deps.isPrivateKey(bytes)) throw privateOnStdin();
    return { text: decode(bytes), origin: 'what came from stdin' };
  }
  // No path is one: a type, a blank and the first letters that every key has.
  if (/(^|\s)(ssh|ecdsa|sk)-\S+\s+AAAA/.test(source)) return { text: source, origin: 'the public key' };
  const bytes = await deps.readFile(source);
  if (bytes === undefined) {
    throw new NotFoundError(`there is no key file ${source}`, {
      hint: 'name a .pub file, a private key, `-` for stdin, or write the public line itself in quotes',
    });
  }
  return { text: await publicTextOf(bytes, source, deps), origin: source };
}

/** For a private key its public half is meant: the line beside it, with its comment, where that is the same key. */
async function publicTextOf(bytes: Uint8Array, path: string, deps: FindKeyDeps): Promise<string> {
  if (!deps.isPrivateKey(bytes)) return decode(bytes);
  const blob = deps.publicHalf(bytes);
  const beside = await deps.readFile(`${path}.pub`);
  const line = beside && parsePublicLine(decode(beside));
  if (line !== undefined && (blob === undefined || sameBytes(line.blob, blob))) return formatPublicLine(line);
  if (blob !== undefined) {
    return `${deps.keyType(blob)} ${Buffer.from(blob).toString('base64')} ${basename(path)}`;
  }
  throw new UsageError(`the public half of ${path} cannot be read without its passphrase`, {
    code: 'key-unusable',
    hint: `\`${shellCommand(['bai', 'key', 'show', path])} > ${shellQuote(`${path}.pub`)}\` asks for it, and writes the public half`,
  });
}

async function findDefault(deps: FindKeyDeps): Promise<PublicLine> {
  for (const name of personalKeyNames) {
    for (const path of [join(deps.sshFolder, `${name}.pub`), join(deps.sshFolder, name)]) {
      const bytes = await deps.readFile(path);
      if (bytes !== undefined) return readPublicLine(await publicTextOf(bytes, path, deps), path);
    }
  }
  throw new NotFoundError(`there is no key of yours in ${deps.sshFolder} (${personalKeyNames.join(', ')})`, {
    hint: 'make one with `bai key generate`, or name a public key',
  });
}

/** A fingerprint as ssh-keygen and `bai key` print it; nothing when the text is none. */
export function readFingerprint(source: string): string | undefined {
  return /^SHA256:[A-Za-z0-9+/]{43}=?$/.test(source) ? source.replace('=', '') : undefined;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function privateOnStdin(): UsageError {
  return new UsageError('a private key came from stdin', {
    code: 'not-a-public-key',
    hint: 'pipe the public half: `bai key show FILE | bai key authorize SESSION -`',
  });
}
