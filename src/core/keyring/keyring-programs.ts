/** The programs that keep secrets on this system. */

import { credentialManager } from './credential-manager.ts';
import { keychain } from './keychain.ts';
import type { KeyringFacts, KeyringPrograms } from './keyring-calls.ts';
import { secretService } from './secret-service.ts';

export function keyringPrograms(facts: KeyringFacts): KeyringPrograms {
  if (facts.platform === 'darwin') return keychain();
  if (facts.platform === 'win32') return credentialManager(facts.environment);
  return secretService(facts);
}
