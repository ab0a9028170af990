/** Asks the system's ssh-keygen whether it can read a private key: releases of OpenSSH differ in the forms that they know. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from './programs.ts';

export interface KeyCheckOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

const mostMs = 5_000;
const mostBytes = 256 * 1024;

/** Of a key without a passphrase. True as well where nobody can say: then ssh itself will. */
export async function canSshRead(path: string, { environment, signal }: KeyCheckOptions): Promise<boolean> {
  const program = findProgram('ssh-keygen', environment);
  if (program === undefined) return true;
  const limits = { timeout: mostMs, maxBuffer: mostBytes, killSignal: 'SIGKILL' as const };
  try {
    const asked = promisify(execFile)(program, ['-y', '-P', '', '-f', path], {
      ...limits,
      env: { ...environment },
      signal,
    });
    asked.child.stdin?.end();
    await asked;
    return true;
  } catch (error) {
    signal.throwIfAborted();
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    return !/invalid format|error in libcrypto|unknown or unsupported key type|not a (?:private )?key/i.test(
      said,
    );
  }
}
