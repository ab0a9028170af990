/** `bai key generate`: a new key pair in the ssh folder, with a PuTTY file beside it when asked for. */

import { randomart } from '../../core/keys/randomart.ts';
import { unlessAborted } from '../../core/time-limit.ts';
import type { StagedFile } from '../../files/whole-file.ts';
import type { KeyPair } from '../../keys/key-pair.ts';
import {
  type KeyToolDeps,
  newPassphrase,
  type PassphraseSource,
  refuseTaken,
  repairFolder,
  taken,
} from './key-tools.ts';

export type NewKeyType = 'ed25519' | 'rsa' | 'ecdsa';

export interface GenerateKeyRequest {
  readonly type: NewKeyType;
  readonly bits: number | undefined;
  readonly comment: string | undefined;
  readonly path: string;
  readonly ppk: boolean;
  readonly force: boolean;
  readonly passphrase: PassphraseSource;
}

export interface GenerateKeyDeps extends KeyToolDeps {
  makePair(request: Pick<GenerateKeyRequest, 'type' | 'bits'>, comment: string): Promise<KeyPair>;
  /** `user@host`, as ssh-keygen has it. */
  readonly defaultComment: string;
}

export interface GeneratedKey {
  readonly path: string;
  readonly publicPath: string;
  readonly ppkPath?: string;
  readonly type: string;
  readonly bits: number | undefined;
  readonly comment: string;
  readonly sha256: string;
  readonly md5: string;
  readonly passphrase: boolean;
  readonly randomart: readonly string[];
}

export async function generateKey(request: GenerateKeyRequest, deps: GenerateKeyDeps): Promise<GeneratedKey> {
  const paths = [request.path, `${request.path}.pub`, ...(request.ppk ? [`${request.path}.ppk`] : [])];
  await refuseTaken(paths, request.force, deps);
  const passphrase = await newPassphrase(request.passphrase, deps);
  const making = deps.makePair(request, request.comment ?? deps.defaultComment);
  const pair = await unlessAborted(making, deps.signal);
  await repairFolder(request.path, deps);
  await save(await contents(request, pair, passphrase, deps), request.force, deps);
  return describe(request, pair, passphrase !== undefined, deps);
}

interface Content {
  readonly path: string;
  readonly bytes: Uint8Array | string;
  readonly mode?: number;
}

async function contents(
  { path, ppk }: GenerateKeyRequest,
  ...[pair, passphrase, { formats }]: [KeyPair, Buffer | undefined, GenerateKeyDeps]
): Promise<readonly Content[]> {
  const line = `${formats.line({ blob: pair.publicBlob, comment: pair.comment })}\n`;
  return [
    { path, bytes: await formats.write(pair, { format: 'openssh', passphrase }) },
    { path: `${path}.pub`, bytes: line, mode: 0o644 },
    ...(ppk
      ? [{ path: `${path}.ppk`, bytes: await formats.write(pair, { format: 'ppk', passphrase }) }]
      : []),
  ];
}

interface Ready {
  readonly path: string;
  readonly file: StagedFile;
}

/** All are whole on the disk before the first gets its name, and at no moment do two that have their names differ. */
async function save(files: readonly Content[], force: boolean, deps: GenerateKeyDeps): Promise<void> {
  const ready: Ready[] = [];
  try {
    for (const { path, bytes, mode } of files) {
      ready.push({ path, file: await deps.disk.stage(path, bytes, mode) });
    }
    deps.signal.throwIfAborted();
    await (force ? replaceAll(ready, deps) : createAll(ready, deps));
  } finally {
    for (const { file } of ready) await file[Symbol.asyncDispose]();
  }
}

async function replaceAll(ready: readonly Ready[], { disk }: GenerateKeyDeps): Promise<void> {
  for (const { path } of ready.slice(1)) await disk.remove(path);
  for (const { file } of ready) await file.replace();
}

async function createAll(ready: readonly Ready[], { disk }: GenerateKeyDeps): Promise<void> {
  const made: string[] = [];
  try {
    for (const { path, file } of ready) {
      if (!(await file.create())) throw taken(path);
      made.push(path);
    }
  } catch (error) {
    // Another command was quicker, or the disk refuses: what this one has made so far is worth nothing alone.
    for (const path of made) await disk.remove(path);
    throw error;
  }
}

function describe(
  { path, ppk }: GenerateKeyRequest,
  ...[pair, passphrase, { formats }]: [KeyPair, boolean, GenerateKeyDeps]
): GeneratedKey {
  const { type, algorithm, bits, sha256, md5 } = formats.describe(pair.publicBlob);
  const digest = Buffer.from(sha256.replace('SHA256:', ''), 'base64');
  return {
    path,
    publicPath: `${path}.pub`,
    ...(ppk && { ppkPath: `${path}.ppk` }),
    ...{ type, bits, comment: pair.comment, sha256, md5, passphrase },
    randomart: randomart(digest, `${algorithm} ${bits}`, 'SHA256'),
  };
}
