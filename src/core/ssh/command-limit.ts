/** How long a command may be: dropbear ends the whole connection over one that is longer, without a word why. */

import { UsageError } from '../../errors.ts';
import { typedFrom } from '../text/typed.ts';

/** What dropbear takes as it is published, and so every server of a session. */
export const usualBytes = 9_000;

/** Of the builds that sessions run, which are not all as published. */
const knownBytes: Readonly<Record<string, number>> = {
  'dropbear_2020.81': usualBytes,
  'dropbear_2024.85': 20_000,
};

interface SentCommand {
  /** For messages. */
  readonly session: string;
  /** Nothing for a shell. */
  readonly command: string | undefined;
  /** The server as its greeting names it, such as `dropbear_2024.85`. */
  readonly software: string | undefined;
}

/** Before it is sent: throws where the server is known to take no command of this length. */
export function refuseTooLong(sent: SentCommand): void {
  const limit = knownBytes[sent.software ?? ''];
  if (limit !== undefined && bytesOf(sent.command) > limit) throw tooLong(sent, limit);
}

/** After the connection was lost: the error when the command's length may be why, else nothing. */
export function explainTooLong(sent: SentCommand): UsageError | undefined {
  const { software = '', command } = sent;
  if (!software.startsWith('dropbear')) return undefined;
  const limit = knownBytes[software] ?? usualBytes;
  return bytesOf(command) > limit ? tooLong(sent, limit) : undefined;
}

function bytesOf(command: string | undefined): number {
  return command === undefined ? 0 : new TextEncoder().encode(command).length;
}

function tooLong({ session, command, software }: SentCommand, limit: number): UsageError {
  const bytes = bytesOf(command);
  return new UsageError(
    `the command is too long for session ${session}: ${bytes} bytes, and its sshd (${software}) takes ${limit}`,
    {
      code: 'command-too-long',
      hint: `give it on stdin: \`${typedFrom('FILE', ['bai', 'ssh', session, '--', 'bash', '-s'])}\`, or put it there as a file with \`bai sftp put\``,
      details: { bytes, limit },
    },
  );
}
