/** Joins tunnels and key files for what bai tells other people's SSH clients. */

import { ownShell } from '../core/text/typed.ts';
import { isTaken, readUserKey } from '../keys/read-key.ts';
import type { ClientTools } from '../services/ssh/client-help.ts';
import { fingerprints, keyType } from '../ssh/files/known-hosts.ts';
import { type AppParts, sshTools } from './apps.ts';
import { keyFormats } from './keys.ts';

export function clientTools(parts: AppParts): ClientTools {
  return {
    ...sshTools(parts),
    formats: keyFormats,
    disk: { read: readUserKey, isTaken },
    hostKey: (blob) => ({ type: keyType(blob), ...fingerprints(blob) }),
    shell: ownShell,
  };
}
