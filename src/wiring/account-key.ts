/** Joins the account's SSH keypair to the manager, the key files and the terminal. */

import { dirname } from 'node:path';
import { findOwnPaths } from '../config/paths.ts';
import { askYesOrNo } from '../config/yes-or-no.ts';
import { requireFeature } from '../core/session/features.ts';
import { settingValue } from '../core/settings/settings.ts';
import { checkBeside, readAccountPair } from '../keys/account-pair.ts';
import { checkKeyRoom, removeKeyFileIf } from '../keys/key-file.ts';
import { openKeyLedger } from '../keys/key-ledger.ts';
import { readIssuedKey } from '../keys/private-key.ts';
import type { AccountKeyTools } from '../services/keys/account-key-tools.ts';
import { sshSettings } from './app-settings.ts';
import type { AppParts } from './apps.ts';
import { keyReading } from './keys.ts';
import { lockWait } from './lock-wait.ts';
import { accountOf, keyFilesFor } from './login-keys.ts';

export function accountKeyTools(parts: AppParts): AccountKeyTools {
  const { provider, reporter, signal } = parts;
  const { keyPath } = sshSettings(parts.settings);
  return {
    ...keyReading,
    reporter,
    signal,
    account: requireFeature(provider, 'accountKey'),
    endpoints: (settingValue(parts.settings, 'endpoint') ?? []).map(({ href }) => href),
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
): AccountKeyTools['ask'] {
  if (!streams.stdin.isTTY || !reporter.interactive) return undefined;
  return (question) => askYesOrNo(question, { ...streams, signal }, enter);
}
