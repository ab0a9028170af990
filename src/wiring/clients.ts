/** Joins tunnels and key files for what bai tells other people's SSH clients. */

import { inspectKey, openKey, requireKey, writeKey } from '../keys/key-formats.ts';
import { describePublicKey } from '../keys/public-key.ts';
import { readUserKey } from '../keys/read-key.ts';
import type { ClientDeps } from '../services/client-help.ts';
import { fingerprints, keyType } from '../ssh/known-hosts.ts';
import { type AppParts, appDeps } from './apps.ts';

export function clientDeps(parts: AppParts): ClientDeps {
  return {
    ...appDeps(parts),
    formats: {
      inspect: inspectKey,
      require: requireKey,
      open: openKey,
      write: writeKey,
      describe: describePublicKey,
    },
    disk: { read: readUserKey },
    hostKey: (blob) => ({ type: keyType(blob), ...fingerprints(blob) }),
    shell: process.platform === 'win32' ? 'windows' : 'posix',
  };
}
