/** Reads an authorized_keys file: which keys it lets in. */

import { parsePublicLine } from '../core/keys/public-line.ts';
import { fingerprintOf } from './public-key.ts';

/** `SHA256:…` of each line's key, whatever options stand in front of it. */
export function authorizedFingerprints(content: Uint8Array): string[] {
  const lines = Buffer.from(content).toString('latin1').split(/\r?\n/);
  return lines.flatMap((line) => {
    const key = parsePublicLine(line);
    return key === undefined ? [] : [fingerprintOf(key.blob)];
  });
}
