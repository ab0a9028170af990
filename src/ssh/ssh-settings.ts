/** Asks the system's ssh what it makes of its configuration (`ssh -G`); nothing is connected. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { parseSshSettings, type SshSettings } from '../core/ssh/ssh-settings.ts';
import { sanitizeLine } from '../core/text/sanitize.ts';
import { findProgram } from './programs.ts';

export type SshAnswer =
  | { readonly settings: SshSettings }
  /** What ssh says is wrong with its configuration, or with the words. */
  | { readonly problem: string };

export interface AskSshOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** A configuration may start programs (`Match exec`), and these may never end. */
const mostMs = 5_000;
const mostBytes = 1024 * 1024;

/** Nothing where there is no ssh. */
export async function askSsh(
  words: readonly string[],
  { environment, signal }: AskSshOptions,
): Promise<SshAnswer | undefined> {
  const ssh = findProgram('ssh', environment);
  if (ssh === undefined) return undefined;
  const limits = { timeout: mostMs, maxBuffer: mostBytes, killSignal: 'SIGKILL' as const };
  try {
    // No name is looked up.
    const args = ['-G', '-o', 'CanonicalizeHostname=no', ...words];
    const asked = promisify(execFile)(ssh, args, { ...limits, env: { ...environment }, signal });
    asked.child.stdin?.end();
    return { settings: parseSshSettings((await asked).stdout) };
  } catch (error) {
    signal.throwIfAborted();
    return { problem: problemOf(error) };
  }
}

/** As `execFile` rejects. */
interface Failed {
  readonly killed?: boolean;
  readonly stderr?: string;
  readonly code?: string | number | null;
  readonly signal?: string | null;
}

function problemOf(error: unknown): string {
  if (!(error instanceof Error)) throw error;
  const { killed, stderr = '', code, signal } = error as Error & Failed;
  if (killed === true) return `reading it takes longer than ${mostMs / 1_000} s`;
  const said = stderr.trim();
  if (said === '') return `ssh ends with ${code ?? signal}`;
  return said
    .split(/\s*[\r\n]+\s*/)
    .map(sanitizeLine)
    .join('; ');
}
