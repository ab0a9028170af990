/** Signs requests with a keypair (HMAC): protocol facts in docs/protocol-notes.md. */

import { createHash, createHmac } from 'node:crypto';

export interface SigningKey {
  readonly accessKey: string;
  readonly secretKey: string;
  /** Digest name such as `sha256`; any the server's runtime knows. */
  readonly hash?: string;
}

interface SignedParts {
  readonly method: string;
  /** Path and query exactly as they go over the wire. */
  readonly target: string;
  /** Exactly the `Host` header: lower case, a port only when it is not the scheme's default. */
  readonly host: string;
  /** ISO 8601 with an offset, exactly the `Date` header. */
  readonly date: string;
  /** Media type without parameters; `application/octet-stream` when the header is not sent. */
  readonly contentType: string;
  readonly version: string;
}

/** The seven lines both sides sign. The body never enters: its hash is always that of the empty string. */
export function stringToSign(parts: SignedParts, hash: string): string {
  return [
    parts.method.toUpperCase(),
    parts.target,
    parts.date,
    `host:${parts.host}`,
    `content-type:${mediaType(parts.contentType)}`,
    `x-backendai-version:${parts.version}`,
    createHash(nodeDigest(hash)).update('').digest('hex'),
  ].join('\n');
}

/** Lower-case hex signature. The key is derived from the day (in the date's own offset) and the host. */
export function signature(parts: SignedParts, key: SigningKey): string {
  const hash = key.hash ?? 'sha256';
  const digest = nodeDigest(hash);
  const day = parts.date.slice(0, 10).replaceAll('-', '');
  const dayKey = createHmac(digest, key.secretKey).update(day).digest();
  const hostKey = createHmac(digest, dayKey).update(parts.host).digest();
  return createHmac(digest, hostKey).update(stringToSign(parts, hash)).digest('hex');
}

/** The `Authorization` header's value. */
export function authorization(parts: SignedParts, key: SigningKey): string {
  const hash = (key.hash ?? 'sha256').toUpperCase();
  return `BackendAI signMethod=HMAC-${hash}, credential=${key.accessKey}:${signature(parts, key)}`;
}

function mediaType(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
}

/** The server's names use `_` where OpenSSL's use `-` (`sha3_256`). */
function nodeDigest(hash: string): string {
  return hash.toLowerCase().replaceAll('_', '-');
}
