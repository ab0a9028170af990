/** Reads an authorized_keys file: which keys it lets in. */

import { createHash } from 'node:crypto';

const typeAndBlob = /(?:^|[ \t])(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-\S+[ \t]+([A-Za-z0-9+/]+=*)(?=\s|$)/;

/** `SHA256:…` of each line's key, whatever options stand in front of it. */
export function authorizedFingerprints(content: Uint8Array): string[] {
  const lines = Buffer.from(content).toString('latin1').split(/\r?\n/);
  return lines.flatMap((line) => {
    const blob = line.startsWith('#') ? undefined : typeAndBlob.exec(line)?.[1];
    return blob === undefined ? [] : [fingerprintOf(Buffer.from(blob, 'base64'))];
  });
}

/** Of a public key blob, as `ssh` shows it. */
export function fingerprintOf(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}
