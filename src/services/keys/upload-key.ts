/** `bai key upload`: a key of the user's own becomes the one that every new session has. */

import { basename } from 'node:path';
import { personalKeyNames } from '../../core/keys/key-names.ts';
import { plaintextEndpoint } from '../../core/text/is-plaintext-url.ts';
import { BaiError, NotFoundError, UsageError } from '../../errors.ts';
import type { AccountPair } from '../../keys/account-pair.ts';
import type { AccountKeyTools } from './account-key-tools.ts';

interface UploadKeyRequest {
  /** The private key; `id_container` when not given. */
  readonly path: string | undefined;
  /** Nobody is asked. */
  readonly yes: boolean;
  /** Even where the private half can be read on the way. */
  readonly allowClearText: boolean;
}

interface UploadedKey {
  readonly path: string;
  readonly type: string;
  readonly fingerprint: string;
}

export async function uploadKey(request: UploadKeyRequest, tools: AccountKeyTools): Promise<UploadedKey> {
  const path = request.path ?? tools.keyPath;
  const pair = await readPair(path, tools);
  refuseClearText(request, tools);
  const privateText = await tools.account.formOf(pair, path, tools.signal);
  await agree(request, path, tools);
  await tools.account.upload({ publicLine: pair.publicLine, privateText }, tools.signal);
  tools.reporter.info('new sessions will accept this key; those that run keep the key they have');
  return { path, type: pair.type, fingerprint: pair.fingerprint };
}

async function readPair(path: string, tools: AccountKeyTools): Promise<AccountPair> {
  const bytes = await tools.readFile(path);
  if (bytes === undefined) {
    throw new NotFoundError(`the key ${path} does not exist`, {
      hint: 'make one for the sessions alone: `bai key generate --no-passphrase --output FILE`, then `bai key upload FILE`',
    });
  }
  const pair = tools.readPair(bytes, path);
  const beside = await tools.readFile(`${path}.pub`);
  if (beside !== undefined) tools.checkBeside(pair, beside, path);
  return pair;
}

function refuseClearText({ allowClearText }: UploadKeyRequest, { endpoints }: AccountKeyTools): void {
  const exposed = plaintextEndpoint(endpoints);
  if (exposed === undefined || allowClearText) return;
  throw new UsageError(`the private key would travel to ${new URL(exposed).origin} in the clear`, {
    code: 'clear-text',
    hint: 'use the manager’s https:// address; --allow-http sends it anyway',
  });
}

const personalNames: ReadonlySet<string> = new Set([...personalKeyNames, 'id_dsa']);

async function agree({ yes }: UploadKeyRequest, path: string, tools: AccountKeyTools): Promise<void> {
  const personal = personalNames.has(basename(path));
  tools.reporter.warn(
    `the manager stores the private half of ${path}, and copies it into every new session of yours`,
    personal
      ? 'by its name this is your personal key: make one for the sessions alone'
      : 'let it be a key for the sessions alone, never a personal one',
  );
  if (yes) return;
  if (tools.ask === undefined) {
    throw new UsageError('refusing to upload the private key without --yes (no terminal)', {
      hint: 'pass --yes when that is what you want',
    });
  }
  if (await tools.ask(`upload ${path}?`)) return;
  throw new BaiError('the key was not uploaded', { code: 'declined', hint: 'nothing was sent' });
}
