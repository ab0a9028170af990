/** `bai key generate`: a new key pair in the ssh folder, with a PuTTY file beside it when asked for. */

import { randomart } from '../../core/keys/randomart.ts';
import { unlessAborted } from '../../core/time-limit.ts';
import type { StagedFile } from '../../files/whole-file.ts';
import type { KeyPair } from '../../keys/key-pair.ts';
import {
  type KeyTools,
  type NewKeyType,
  newPassphrase,
  type PassphraseSource,
  refuseTaken,
  repairFolder,
  taken,
} from './key-tools.ts';

interface GenerateKeyRequest {
  readonly type: NewKeyType;
  readonly bits: number | undefined;
  readonly comment: string | undefined;
  readonly path: string;
  readonly ppk: boolean;
  readonly force: boolean;
  readonly passphrase: PassphraseSource;
}

interface GeneratedKey {
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

export async function generateKey(request: GenerateKeyRequest, tools: KeyTools): Promise<GeneratedKey> {
  const paths = [request.path, `${request.path}.pub`, ...(request.ppk ? [`${request.path}.ppk`] : [])];
  await refuseTaken(paths, request.force, tools);
  const passphrase = await newPassphrase(request.passphrase, tools);
  const making = tools.makePair(request, request.comment ?? tools.own.comment);
  const pair = await unlessAborted(making, tools.signal);
  await repairFolder(request.path, tools);
  await save(await contents(request, pair, passphrase, tools), request.force, tools);
  return describe(request, pair, passphrase !== undefined, tools);
}

interface Content {
  readonly path: string;
  readonly bytes: Uint8Array | string;
  readonly mode?: number;
}

async function contents(
  { path, ppk }: GenerateKeyRequest,
  ...[pair, passphrase, { formats }]: [KeyPair, Buffer | undefined, KeyTools]
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
async function save(files: readonly Content[], force: boolean, tools: KeyTools): Promise<void> {
  const ready: Ready[] = [];
  try {
    for (const { path, bytes, mode } of files) {
      ready.push({ path, file: await tools.disk.stage(path, bytes, mode) });
    }
    tools.signal.throwIfAborted();
    await (force ? replaceAll(ready, tools) : createAll(ready, tools));
  } finally {
    for (const { file } of ready) await file[Symbol.asyncDispose]();
  }
}

async function replaceAll(ready: readonly Ready[], { disk }: KeyTools): Promise<void> {
  for (const { path } of ready.slice(1)) await disk.remove(path);
  for (const { file } of ready) await file.replace();
}

async function createAll(ready: readonly Ready[], { disk }: KeyTools): Promise<void> {
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
  ...[pair, passphrase, { formats }]: [KeyPair, boolean, KeyTools]
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
