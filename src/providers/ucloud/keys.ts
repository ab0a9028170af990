/** The SSH public keys of an account. They belong to the user and not to a project; jobs copy them when they start. */

import { createHash } from 'node:crypto';
import { sameBytes } from '../../core/keys/authorized-keys.ts';
import {
  checkStrength,
  type PublicLine,
  parsePublicLine,
  plainPublicLine,
} from '../../core/keys/public-line.ts';
import { sanitizeLine } from '../../core/text/sanitize.ts';
import { BaiError, ConflictError, NotFoundError, ProtocolError, UsageError } from '../../errors.ts';
import type { Call, UcloudClient } from './client.ts';
import { allPages } from './pages.ts';
import { createdSchema, keySchema } from './schema.ts';

export interface AccountKey {
  readonly id: string;
  readonly title: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Such as `ssh-ed25519`; empty for what is no key: UCloud checks the first word alone. */
  readonly type: string;
  /** `SHA256:…`, counted here: UCloud leaves it empty. Nothing for what is no key. */
  readonly fingerprint: string | undefined;
  readonly comment: string;
}

/** In UCloud's order, oldest first. */
export async function listKeys(client: UcloudClient, signal: AbortSignal): Promise<readonly AccountKey[]> {
  return (await storedKeys(client, signal)).map(({ key }) => key);
}

interface StoredKey {
  readonly key: AccountKey;
  /** What it was uploaded as may be several lines, and each of them lets its owner in. */
  readonly lines: readonly PublicLine[];
}

async function storedKeys(client: UcloudClient, signal: AbortSignal): Promise<readonly StoredKey[]> {
  const call: Call = { what: 'list your SSH keys', method: 'GET', path: 'api/ssh/browse', signal };
  const rows = await allPages(client, call, keySchema);
  return rows.map(({ id, createdAt, specification: { title, key } }) => {
    const lines = key.split(/\r?\n/).flatMap((line) => parsePublicLine(line) ?? []);
    const [first] = lines;
    const facts = {
      type: first?.type ?? '',
      fingerprint: first && fingerprintOf(first.blob),
      comment: first?.comment ?? '',
    };
    return { key: { id, title, createdAt, ...facts }, lines };
  });
}

function fingerprintOf(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

interface KeyUpload {
  /** What a `.pub` file holds. */
  readonly text: string;
  /** Names the file in errors. */
  readonly origin: string;
  /** The key's comment, or else its type, when left out. */
  readonly title?: string;
}

/**
 * Throws a UsageError for what is not one public key, and a ConflictError for one that the account has: UCloud takes it twice.
 * The key counts for jobs that start from now on.
 */
export async function addKey(
  client: UcloudClient,
  upload: KeyUpload,
  signal: AbortSignal,
): Promise<AccountKey> {
  const line = readUpload(upload);
  const fingerprint = fingerprintOf(line.blob);
  const known = (await storedKeys(client, signal)).find(({ lines }) =>
    lines.some(({ blob }) => sameBytes(blob, line.blob)),
  );
  if (known !== undefined) throw keyExists(known.key, fingerprint);
  const title = sanitizeLine(upload.title ?? (line.comment || line.type)).slice(0, 200);
  // UCloud's provider writes the line into a shell's here-document.
  const plain = plainPublicLine(line);
  const comment = parsePublicLine(plain)?.comment ?? '';
  const call: Call = {
    ...{ what: 'add the SSH key', method: 'POST', path: 'api/ssh', signal },
    body: { items: [{ title, key: plain }] },
    doubt: {
      words: 'the key may have been added',
      hint: 'check with `bai key list`',
      details: { fingerprint },
    },
  };
  const [made] = (await client.json(call, createdSchema)).responses ?? [];
  if (made === undefined)
    throw new ProtocolError('cannot add the SSH key: UCloud gave it no number', {
      hint: 'check with `bai key list` whether it is there',
    });
  return { id: made.id, title, createdAt: client.now().getTime(), type: line.type, fingerprint, comment };
}

const accepted: ReadonlySet<string> = new Set([
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
]);

function readUpload({ text, origin }: KeyUpload): PublicLine {
  if (/BEGIN [A-Z0-9 ]*PRIVATE KEY|^PuTTY-User-Key-File/m.test(text)) {
    throw new UsageError(`${origin} is a private key: it stays on this machine`, {
      code: 'not-a-public-key',
      hint: 'name its public half, the file that ends with .pub',
    });
  }
  const lines = text.split(/\r?\n/).filter((each) => each.trim() !== '' && !each.startsWith('#'));
  const line = lines.length === 1 ? parsePublicLine(lines[0] ?? '') : undefined;
  if (line === undefined || line.options !== '') {
    const found = lines.length > 1 ? `has ${lines.length} lines` : 'is not a public key as ssh writes it';
    throw new UsageError(`${origin} ${found}`, {
      code: 'not-a-public-key',
      hint: 'UCloud takes one line: the type, the key and a comment, and no options in front',
    });
  }
  checkStrength(line.type, line.blob, origin);
  if (!accepted.has(line.type)) {
    throw new UsageError(`UCloud takes no keys of type ${line.type}`, {
      code: 'not-a-public-key',
      hint: 'make an Ed25519 key: `bai key generate`',
    });
  }
  return line;
}

function keyExists({ id, title }: AccountKey, fingerprint: string): ConflictError {
  return new ConflictError(`your UCloud account has this key already, as ${id}${title && ` (${title})`}`, {
    code: 'key-exists',
    hint: 'nothing needs to be done; it applies to jobs that started after it was added',
    details: { id, fingerprint },
  });
}

/**
 * By its number, or by its fingerprint: then every copy of it. UCloud answers alike whether it removes a key or not, so what
 * the account has is looked at before and afterwards. The removed ones.
 */
export async function removeKeys(
  client: UcloudClient,
  reference: string,
  signal: AbortSignal,
): Promise<readonly AccountKey[]> {
  const before = await storedKeys(client, signal);
  const meant = before.filter((stored) => isMeant(stored, reference)).map(({ key }) => key);
  if (meant.length === 0) throw noSuchKey(reference, before);
  const call: Call = {
    ...{ what: 'remove the SSH key', method: 'DELETE', path: 'api/ssh', signal },
    body: { items: meant.map(({ id }) => ({ id })) },
    doubt: { words: 'it may have been removed', hint: 'check with `bai key list`' },
  };
  await client.done(call);
  const left = new Set((await listKeys(client, signal)).map(({ id }) => id));
  const stayed = meant.find(({ id }) => left.has(id));
  if (stayed === undefined) return meant;
  throw new BaiError(`UCloud did not remove key ${stayed.id}`, {
    code: 'refused',
    hint: 'try again, or remove it in its web interface',
    details: { id: stayed.id },
  });
}

function isMeant({ key, lines }: StoredKey, reference: string): boolean {
  if (key.id === reference) return true;
  return lines.some(({ blob }) => fingerprintOf(blob) === reference);
}

function noSuchKey(reference: string, stored: readonly StoredKey[]): NotFoundError {
  const known = stored.map(({ key: { id, title } }) => (title === '' ? id : `${id} (${title})`));
  return new NotFoundError(`your UCloud account has no key ${reference}`, {
    code: 'key-not-found',
    hint: known.length === 0 ? 'it has none at all' : `it has: ${known.join(', ')}`,
    details: { keys: stored.map(({ key: { id } }) => id) },
  });
}
