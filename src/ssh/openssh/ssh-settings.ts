/** Asks the system's ssh what it makes of its configuration (`ssh -G`); nothing is connected. */

import { parseSshSettings, type SshSettings } from '../../core/ssh/ssh-settings.ts';
import { sanitizeLine } from '../../core/text/sanitize.ts';
import { lookUp, lookUpMs } from '../programs.ts';

export type SshAnswer =
  | { readonly settings: SshSettings }
  /** What ssh says is wrong with its configuration, or with the words. */
  | { readonly problem: string };

interface AskSshOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** Nothing where there is no ssh. */
export async function askSsh(
  words: readonly string[],
  { environment, signal }: AskSshOptions,
): Promise<SshAnswer | undefined> {
  try {
    // No name is looked up; programs of the configuration (`Match exec`) are started.
    const args = ['-G', '-o', 'CanonicalizeHostname=no', ...words];
    const printed = await lookUp({ program: 'ssh', args, environment, signal });
    return printed === undefined ? undefined : { settings: parseSshSettings(printed) };
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
  if (killed === true) return `reading it takes longer than ${lookUpMs / 1_000} s`;
  const said = stderr.trim();
  if (said === '') return `ssh ends with ${code ?? signal}`;
  return said
    .split(/\s*[\r\n]+\s*/)
    .map(sanitizeLine)
    .join('; ');
}
