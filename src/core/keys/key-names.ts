/** How key files are named in a folder of SSH's, and how one is mended. */

import { typed } from '../text/typed.ts';

/** A person's own keys, in the order in which one is chosen. Never `id_container`: that one is of sessions. */
export const personalKeyNames: readonly string[] = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/** Writes a private key anew in its place, as ssh reads it, with its passphrase. */
export function cleanKeyCommand(path: string): string {
  return typed(['bai', 'key', 'convert', path, '--to', 'openssh', '--output', path, '--force']);
}
