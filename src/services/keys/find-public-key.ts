/** From what a user names to one public key: a file, a line, stdin, or the key that ssh would offer first. */

import { basename, join } from 'node:path';
import { sameBytes } from '../../core/keys/authorized-keys.ts';
import { personalKeyNames } from '../../core/keys/key-names.ts';
import { checkAuthorizable, type PublicLine } from '../../core/keys/public-line.ts';
import { typedInto } from '../../core/text/typed.ts';
import { NotFoundError, UsageError } from '../../errors.ts';
import type { KeyReading } from './key-tools.ts';

/** How a key is found that the user names. */
export interface KeyFinding extends Pick<KeyReading, 'readFile' | 'publicHalf' | 'keyType'> {
  readonly sshFolder: string;
  readStdin(): Promise<Uint8Array>;
  isPrivateKey(bytes: Uint8Array): boolean;
  /** In any form that public keys have; throws a UsageError that says why it is none. */
  readPublic(bytes: Uint8Array, origin: string): PublicLine;
}

/** A key that a session may accept. */
export async function findPublicKey(source: string | undefined, tools: KeyFinding): Promise<PublicLine> {
  const { key, origin } = source === undefined ? await findDefault(tools) : await keyAt(source, tools);
  return checkAuthorizable(key, origin);
}

/** Any key, weak ones too, to be taken away. */
export async function findAnyPublicKey(source: string, tools: KeyFinding): Promise<PublicLine> {
  return (await keyAt(source, tools)).key;
}

interface Found {
  readonly key: PublicLine;
  readonly origin: string;
}

async function keyAt(source: string, tools: KeyFinding): Promise<Found> {
  if (source === '-') {
    const bytes = await tools.readStdin();
    if (tools.isPrivateKey(bytes)) throw privateOnStdin();
    const origin = 'what came from stdin';
    return { key: tools.readPublic(bytes, origin), origin };
  }
  // No path is one: a type, a blank and the first letters that every key has.
  if (/(^|\s)(ssh|ecdsa|sk)-\S+\s+AAAA/.test(source)) {
    const origin = 'the public key';
    return { key: tools.readPublic(new TextEncoder().encode(source), origin), origin };
  }
  const bytes = await tools.readFile(source);
  if (bytes === undefined) {
    throw new NotFoundError(`there is no key file ${source}`, {
      hint: 'name a .pub file, a private key, `-` for stdin, or write the public line itself in quotes',
    });
  }
  return { key: await publicOf(bytes, source, tools), origin: source };
}

/** For a private key its public half is meant: the line beside it, with its comment, where that is the same key. */
async function publicOf(bytes: Uint8Array, path: string, tools: KeyFinding): Promise<PublicLine> {
  if (!tools.isPrivateKey(bytes)) return tools.readPublic(bytes, path);
  const blob = tools.publicHalf(bytes);
  const beside = await publicBeside(path, tools);
  if (beside !== undefined && (blob === undefined || sameBytes(beside.blob, blob))) return beside;
  if (blob !== undefined) return { options: '', type: tools.keyType(blob), blob, comment: basename(path) };
  throw new UsageError(`the public half of ${path} cannot be read without its passphrase`, {
    code: 'key-unusable',
    hint: `\`${typedInto(`${path}.pub`, ['bai', 'key', 'show', path])}\` asks for it, and writes the public half`,
  });
}

/** A damaged one says nothing about the private half. */
async function publicBeside(path: string, tools: KeyFinding): Promise<PublicLine | undefined> {
  const bytes = await tools.readFile(`${path}.pub`);
  try {
    return bytes && tools.readPublic(bytes, `${path}.pub`);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

async function findDefault(tools: KeyFinding): Promise<Found> {
  for (const name of personalKeyNames) {
    for (const path of [join(tools.sshFolder, `${name}.pub`), join(tools.sshFolder, name)]) {
      const bytes = await tools.readFile(path);
      if (bytes !== undefined) return { key: await publicOf(bytes, path, tools), origin: path };
    }
  }
  throw new NotFoundError(`there is no key of yours in ${tools.sshFolder} (${personalKeyNames.join(', ')})`, {
    hint: 'make one with `bai key generate`, or name a public key',
  });
}

/** A fingerprint as ssh-keygen and `bai key` print it; nothing when the text is none. */
export function readFingerprint(source: string): string | undefined {
  return /^SHA256:[A-Za-z0-9+/]{43}=?$/.test(source) ? source.replace('=', '') : undefined;
}

function privateOnStdin(): UsageError {
  return new UsageError('a private key came from stdin', {
    code: 'not-a-public-key',
    hint: 'pipe the public half: `bai key show FILE | bai key authorize SESSION -`',
  });
}
