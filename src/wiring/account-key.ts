/** Joins the account's SSH keypair to the manager, the key files and the terminal. */

import { dirname } from 'node:path';
import { findOwnPaths } from '../config/paths.ts';
import { askYesOrNo } from '../config/yes-or-no.ts';
import { checkBeside, readAccountPair } from '../keys/account-pair.ts';
import { checkKeyRoom, removeKeyFileIf } from '../keys/key-file.ts';
import { openKeyLedger } from '../keys/key-ledger.ts';
import { readIssuedKey } from '../keys/private-key.ts';
import { generateAccountKey, readAccountKey, uploadAccountKey } from '../providers/backend-ai/account-key.ts';
import type { AccountKeyDeps } from '../services/keys/account-key-deps.ts';
import { appSettings } from './app-settings.ts';
import { type AppParts, accountOf } from './apps.ts';
import { keyReading } from './keys.ts';
import { lockWait } from './lock-wait.ts';
import { keyFilesFor } from './login-keys.ts';

export function accountKeyDeps(parts: AppParts): AccountKeyDeps {
  const { manager, reporter, signal } = parts;
  const { client } = manager;
  const { keyPath } = appSettings(parts.settings);
  return {
    ...keyReading,
    reporter,
    signal,
    account: {
      release: (until) => client.release(until),
      read: (until) => readAccountKey(client, until),
      generate: (until) => generateAccountKey(client, until),
      upload: (pair, until) => uploadAccountKey(client, pair, until),
    },
    endpoints: (parts.settings.endpoint.value ?? '').split(',').map((each) => each.trim()),
    keyPath,
    ask: questionOf(parts, 'no'),
    readPair: readAccountPair,
    checkBeside,
    readIssuedKey,
    checkRoom: checkKeyRoom,
    removeCopy: removeKeyFileIf,
    files: keyFilesFor(dirname(keyPath)),
    ledger: openKeyLedger(
      findOwnPaths(parts.environment).keyLedger,
      accountOf(parts.settings),
      lockWait(parts),
    ),
    warn: (message) => reporter.warn(message),
  };
}

/** How a person is asked; nothing where nobody is there. */
export function questionOf(
  { streams, reporter, signal }: AppParts,
  enter: 'yes' | 'no',
): AccountKeyDeps['ask'] {
  if (!streams.stdin.isTTY || !reporter.interactive) return undefined;
  return (question) => askYesOrNo(question, { ...streams, signal }, enter);
}
