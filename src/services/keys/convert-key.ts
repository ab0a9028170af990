/** `bai key convert`: a private key in another format, beside the one that is there. */

import { basename } from 'node:path';
import { UsageError } from '../../errors.ts';
import type { KeyFormat, PrivateKeyFile } from '../../keys/key-formats.ts';
import type { KeyPair } from '../../keys/key-pair.ts';
import type { PpkVersion } from '../../keys/ppk.ts';
import {
  type KeyTools,
  newPassphrase,
  oldPassphrase,
  type PassphraseSource,
  publicBeside,
  refuseTaken,
  repairFolder,
  taken,
} from './key-tools.ts';

interface ConvertKeyRequest {
  readonly path: string;
  readonly to: KeyFormat;
  readonly ppkVersion: PpkVersion;
  /** Nothing means beside, with the ending of the format. */
  readonly output: string | undefined;
  readonly force: boolean;
  /** Where passphrases come from. */
  readonly source: PassphraseSource;
  /** What protects the new file: the same passphrase as before, none, or a new one. */
  readonly protection: 'same' | 'none' | 'new';
}

interface ConvertedKey {
  readonly path: string;
  readonly format: KeyFormat;
  readonly ppkVersion?: PpkVersion;
  readonly type: string;
  readonly sha256: string;
  readonly passphrase: boolean;
}

export async function convertKey(request: ConvertKeyRequest, tools: KeyTools): Promise<ConvertedKey> {
  const output = request.output ?? outputBeside(request);
  const { bytes } = await tools.disk.read(request.path);
  const file = tools.formats.require(bytes, request.path);
  if (file.kind === 'public') throw publicHalf(request.path);
  // Before anybody types a passphrase for nothing.
  if (file.publicBlob !== undefined) tools.formats.requireForm(request.to, file.publicBlob);
  await refuseTaken([output], request.force, tools);
  const old = file.encrypted ? await oldPassphrase(request.path, request.source, tools) : undefined;
  const opened = await tools.formats.open(bytes, request.path, old);
  const pair = { ...opened, comment: await commentOf(request.path, file, opened, tools) };
  const passphrase = await protectionOf(request, old, tools);
  warnOfPem(request, passphrase, tools);
  const content = await tools.formats.write(pair, {
    format: request.to,
    ppkVersion: request.ppkVersion,
    passphrase,
  });
  await repairFolder(output, tools);
  await using staged = await tools.disk.stage(output, content);
  tools.signal.throwIfAborted();
  if (request.force) await staged.replace();
  else if (!(await staged.create())) throw taken(output);
  const { type, sha256 } = tools.formats.describe(pair.publicBlob);
  const version = request.to === 'ppk' ? { ppkVersion: request.ppkVersion } : {};
  return { path: output, format: request.to, ...version, type, sha256, passphrase: passphrase !== undefined };
}

const endings: Readonly<Record<KeyFormat, string>> = { ppk: '.ppk', pem: '.pem', pkcs8: '.p8', openssh: '' };

/** Throws a UsageError when that is the key's own name. */
export function outputBeside({ path, to }: Pick<ConvertKeyRequest, 'path' | 'to'>): string {
  const bare = path.replace(/(?<=[^/\\])\.(ppk|pem|p8)$/i, '');
  const output = `${bare}${endings[to]}`;
  if (output !== path) return output;
  throw new UsageError(`${path} has the name of a file in the format ${to} already`, {
    hint: 'name the new file with --output; with --force it may be the same one',
  });
}

function publicHalf(path: string): UsageError {
  return new UsageError(`${path} is a public key`, {
    code: 'not-a-key',
    hint: `give the private one${path.endsWith('.pub') ? `: ${path.slice(0, -4)}` : ''}`,
  });
}

/** PEM and PKCS#8 have none; PuTTY's programs show it, so the name of the file is better than nothing. */
async function commentOf(
  path: string,
  file: PrivateKeyFile,
  ...[pair, tools]: [KeyPair, KeyTools]
): Promise<string> {
  if (pair.comment !== '' || file.format === 'openssh' || file.format === 'ppk') return pair.comment;
  const beside = await publicBeside(path, tools);
  const matches = beside?.blob.equals(pair.publicBlob) === true && beside.comment !== '';
  return matches ? beside.comment : basename(path);
}

function protectionOf(
  { protection, source }: ConvertKeyRequest,
  old: Buffer | undefined,
  tools: KeyTools,
): Promise<Buffer | undefined> | Buffer | undefined {
  if (protection === 'new') return newPassphrase(source, tools);
  return protection === 'none' ? undefined : old;
}

function warnOfPem({ to }: ConvertKeyRequest, passphrase: Buffer | undefined, { warn }: KeyTools): void {
  if (to !== 'pem' || passphrase === undefined) return;
  warn('PEM protects a passphrase weakly: many can be tried each second; the openssh format is better');
}
