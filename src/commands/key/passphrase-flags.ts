/** The options that say where a passphrase comes from. */

import { UsageError } from '../../errors.ts';
import type { PassphraseSource } from '../../services/keys/key-tools.ts';

export interface PassphraseFlags {
  readonly passphraseStdin?: boolean;
  /** False after --no-passphrase. */
  readonly passphrase?: boolean;
}

export function passphraseSource({ passphraseStdin, passphrase }: PassphraseFlags): PassphraseSource {
  if (passphrase !== false) return passphraseStdin ? 'stdin' : 'terminal';
  if (passphraseStdin) throw new UsageError('--passphrase-stdin and --no-passphrase cannot be used together');
  return 'none';
}
