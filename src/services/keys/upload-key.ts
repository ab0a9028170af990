/** `bai key upload`: a key of the user's own becomes the one that every new session has. */

import { basename } from 'node:path';
import { personalKeyNames } from '../../core/keys/key-names.ts';
import { plaintextEndpoint } from '../../core/text/is-plaintext-url.ts';
import { BaiError, NotFoundError, UsageError } from '../../errors.ts';
import type { AccountPair } from '../../keys/account-pair.ts';
import type { Release } from '../../providers/backend-ai/release.ts';
import type { AccountKeyDeps } from './account-key-deps.ts';

export interface UploadKeyRequest {
  /** The private key; `id_container` when not given. */
  readonly path: string | undefined;
  /** Nobody is asked. */
  readonly yes: boolean;
  /** Even where the private half can be read on the way. */
  readonly allowClearText: boolean;
}

export interface UploadedKey {
  readonly path: string;
  readonly type: string;
  readonly fingerprint: string;
}

export async function uploadKey(request: UploadKeyRequest, deps: AccountKeyDeps): Promise<UploadedKey> {
  const path = request.path ?? deps.keyPath;
  const pair = await readPair(path, deps);
  refuseClearText(request, deps);
  const privateText = formFor(await deps.account.release(deps.signal), pair, path);
  await agree(request, path, deps);
  await deps.account.upload({ publicLine: pair.publicLine, privateText }, deps.signal);
  deps.reporter.info('new sessions will accept this key; those that run keep the key they have');
  return { path, type: pair.type, fingerprint: pair.fingerprint };
}

async function readPair(path: string, deps: AccountKeyDeps): Promise<AccountPair> {
  const bytes = await deps.readFile(path);
  if (bytes === undefined) {
    throw new NotFoundError(`the key ${path} does not exist`, {
      hint: 'make one for the sessions alone: `bai key generate --no-passphrase --output FILE`, then `bai key upload FILE`',
    });
  }
  const pair = deps.readPair(bytes, path);
  const beside = await deps.readFile(`${path}.pub`);
  if (beside !== undefined) deps.checkBeside(pair, beside, path);
  return pair;
}

function refuseClearText({ allowClearText }: UploadKeyRequest, { endpoints }: AccountKeyDeps): void {
  const exposed = plaintextEndpoint(endpoints);
  if (exposed === undefined || allowClearText) return;
  throw new UsageError(`the private key would travel to ${new URL(exposed).origin} in the clear`, {
    code: 'clear-text',
    hint: 'use the manager’s https:// address; --allow-http sends it all the same',
  });
}

/**
 * Managers from 26.4.4 read any form. Those from 25.6 check a key and read PEM alone; earlier ones check nothing, and
 * the session's programs have to read what was stored.
 */
function formFor(release: Release, { pem, text, type }: AccountPair, path: string): string {
  if (release.atLeast(26, 4, 4)) return text;
  if (pem !== undefined) return pem;
  if (!release.atLeast(25, 6)) return text;
  throw new UsageError(
    `a manager of release ${release.text} does not take ${path}: of Ed25519 keys it reads PKCS#8 only, which most SSH clients do not`,
    {
      code: 'key-unusable',
      hint: `make an ECDSA or RSA key in its place, e.g. \`bai key generate --type ecdsa --no-passphrase --output FILE\` (${type} needs release 26.4.4)`,
    },
  );
}

const personalNames: ReadonlySet<string> = new Set([...personalKeyNames, 'id_dsa']);

async function agree({ yes }: UploadKeyRequest, path: string, deps: AccountKeyDeps): Promise<void> {
  const personal = personalNames.has(basename(path));
  deps.reporter.warn(
    `the manager stores the private half of ${path}, and copies it into every new session of yours`,
    personal
      ? 'by its name this is your personal key: make one for the sessions alone'
      : 'let it be a key for the sessions alone, never a personal one',
  );
  if (yes) return;
  if (deps.ask === undefined) {
    throw new UsageError('nobody can be asked whether to upload the private key', {
      hint: 'pass --yes when that is what you want',
    });
  }
  if (await deps.ask(`upload ${path}?`)) return;
  throw new BaiError('the key was not uploaded', { code: 'declined', hint: 'nothing was sent' });
}
