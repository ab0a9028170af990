/** What the services on the account's SSH key pair work with. */

import type { Reporter } from '../../core/reporter.ts';
import type { AccountKey } from '../../core/session/account-keys.ts';
import type { AccountPair } from '../../keys/account-pair.ts';
import type { PrivateKey } from '../../keys/private-key.ts';
import type { KeyReading } from './key-tools.ts';
import type { KeySaving } from './save-key.ts';

export interface AccountKeyTools extends KeySaving, KeyReading {
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly account: AccountKey;
  /** Addresses of the manager. */
  readonly endpoints: readonly string[];
  /** Where `id_container` is. */
  readonly keyPath: string;
  /** Nothing where nobody can be asked. Enter means no. */
  readonly ask: ((question: string) => Promise<boolean>) | undefined;
  readPair(bytes: Uint8Array, path: string): AccountPair;
  checkBeside(pair: AccountPair, beside: Uint8Array, path: string): void;
  readIssuedKey(bytes: Uint8Array, origin: string): PrivateKey;
  /** Removes a key file that `isRight` knows again; false when it stays or was gone. */
  removeCopy(path: string, isRight: (content: Uint8Array) => Promise<boolean>): Promise<boolean>;
  /** Throws when a key cannot be written there. */
  checkRoom(path: string): Promise<void>;
}
