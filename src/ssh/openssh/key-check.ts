/** Asks the system's ssh-keygen whether it can read a private key: releases of OpenSSH differ in the forms that they know. */

import { lookUp } from '../programs.ts';

export interface KeyCheckOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** Of a key without a passphrase. True as well where nobody can say: then ssh itself will. */
export async function canSshRead(path: string, { environment, signal }: KeyCheckOptions): Promise<boolean> {
  try {
    await lookUp({ program: 'ssh-keygen', args: ['-y', '-P', '', '-f', path], environment, signal });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    return !/invalid format|error in libcrypto|unknown or unsupported key type|not a (?:private )?key/i.test(
      said,
    );
  }
}
