/** The SSH keypair of the account: its public half, a new one, one of the user's own. */

import { sameBytes } from '../../../core/keys/authorized-keys.ts';
import { parsePublicLine } from '../../../core/keys/public-line.ts';
import type {
  AccountKey,
  GeneratedKeyPair,
  PrivateForms,
  UploadedKeyPair,
} from '../../../core/session/account-keys.ts';
import { BaiError, type Doubt, ProtocolError, UnsureError, UsageError } from '../../../errors.ts';
import type { ManagerClient } from './client.ts';
import type { Release } from './release.ts';
import { generatedKeypairSchema, keypairSchema } from './schema.ts';

const path = 'auth/ssh-keypair';

export function accountKeyOf(client: ManagerClient): AccountKey {
  return {
    reach: (signal) => client.release(signal),
    read: (signal) => readAccountKey(client, signal),
    generate: (signal) => generateAccountKey(client, signal),
    formOf: async (pair, file, signal) => formFor(await client.release(signal), pair, file),
    upload: (pair, signal) => uploadAccountKey(client, pair, signal),
  };
}

/** The public half, as SSH sends it; nothing when the account has no keypair, and each session makes its own. */
async function readAccountKey(client: ManagerClient, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const call = { what: "read the account's SSH key", method: 'GET', path, signal } as const;
  const { ssh_public_key: line } = await client.json(call, keypairSchema);
  return line.trim() === '' ? undefined : blobOf(line);
}

/** Makes the manager replace the keypair. From then on only this answer, and new sessions, have the private half. */
async function generateAccountKey(client: ManagerClient, signal: AbortSignal): Promise<GeneratedKeyPair> {
  const call = {
    what: "renew the account's SSH key",
    method: 'PATCH',
    path,
    doubt: renewed,
    signal,
  } as const;
  const made = await client.json(call, generatedKeypairSchema);
  try {
    return { publicKey: blobOf(made.ssh_public_key), privateText: made.ssh_private_key };
  } catch (error) {
    throw error instanceof BaiError ? new UnsureError(error, renewed) : error;
  }
}

const renewed: Doubt = {
  words: 'the account may have a new key anyway',
  hint: 'check with `bai key status`; if so, every new session hands the new key out (`bai key fetch SESSION`)',
};

/** The private half is in the body of this one request; the answer repeats it, and is not kept. */
async function uploadAccountKey(
  client: ManagerClient,
  { publicLine, privateText }: UploadedKeyPair,
  signal: AbortSignal,
): Promise<void> {
  const body = { pubkey: publicLine, privkey: privateText };
  const call = {
    what: 'store the SSH key for the account',
    method: 'POST',
    path,
    body,
    doubt: { words: 'the account may have the key anyway', hint: 'check with `bai key status`' },
    signal,
  } as const;
  const stored = await client.json(call, keypairSchema).catch((error: unknown) => {
    throw withoutSecret(error, privateText);
  });
  const sent = parsePublicLine(publicLine)?.blob ?? new Uint8Array();
  if (!sameBytes(blobOf(stored.ssh_public_key), sent)) {
    throw new ProtocolError('the manager stored another SSH key than the one it was sent', {
      code: 'account-key-broken',
      hint: '`bai key status` shows which one new sessions will accept',
    });
  }
}

function blobOf(line: string): Uint8Array {
  const key = parsePublicLine(line);
  if (key !== undefined) return key.blob;
  throw new ProtocolError("what the manager has as the account's SSH key is not a key", {
    code: 'account-key-broken',
    hint: '`bai key rotate` has it make a new one',
  });
}

/** As short as a piece of a key may be that a refusal repeats: managers from 26.3 quote what they were sent. */
const pieceLength = 12;

/** The failure; without the manager's words when they hold a piece of the private half. */
function withoutSecret(error: unknown, secret: string): unknown {
  if (!(error instanceof BaiError)) return error;
  const said = error.message + JSON.stringify(error.details) + String(error.hint);
  if (!holdsPiece(said, secret)) return error;
  return new BaiError('cannot store the SSH key for the account: the manager refused it', {
    code: 'refused',
    hint: 'its words are not shown, because they repeat a part of the private key',
  });
}

function holdsPiece(text: string, secret: string): boolean {
  const body = secret.split('\n').filter((line) => !line.startsWith('-----'));
  const pieces = new Set<string>();
  for (const line of body) {
    for (let at = 0; at + pieceLength <= line.length; at += 1) pieces.add(line.slice(at, at + pieceLength));
  }
  for (let at = 0; at + pieceLength <= text.length; at += 1) {
    if (pieces.has(text.slice(at, at + pieceLength))) return true;
  }
  return false;
}

/**
 * Managers from 26.4.4 read any form. Those from 25.6 check a key and read PEM alone; earlier ones check nothing, and
 * the session's programs have to read what was stored.
 */
function formFor(release: Release, { pem, text, type }: PrivateForms, file: string): string {
  if (release.atLeast(26, 4, 4)) return text;
  if (pem !== undefined) return pem;
  if (!release.atLeast(25, 6)) return text;
  throw new UsageError(
    `a manager of release ${release.text} does not take ${file}: of Ed25519 keys it reads PKCS#8 only, which most SSH clients do not`,
    {
      code: 'key-unusable',
      hint: `make an ECDSA or RSA key in its place, e.g. \`bai key generate --type ecdsa --no-passphrase --output FILE\` (${type} needs release 26.4.4)`,
    },
  );
}
