/** `bai sftp SESSION`: one connection, and commands line by line in the manner of OpenSSH's sftp. */

import { ownValue } from '../../core/own-value.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { backslashRule } from '../../core/sftp/backslash-rule.ts';
import { splitWords } from '../../core/text/shell-words.ts';
import { BaiError, ExitCode, InterruptedError, UnreachableError, UsageError } from '../../errors.ts';
import { getFiles } from './sftp-get.ts';
import { putFiles } from './sftp-put.ts';
import { type ShellState, shellCommands } from './sftp-shell-commands.ts';
import { completeLine } from './sftp-shell-complete.ts';
import type { SftpTools } from './sftp-tools.ts';

export type Completer = (line: string) => Promise<readonly [readonly string[], string]>;

interface ShellRequest {
  readonly session: string;
  /** The lines to obey, asked for one by one. */
  lines(this: void, complete: Completer): AsyncIterable<string>;
  /** Somebody types: failures are told and the next line is read. Otherwise the first failure is the end. */
  readonly goesOn: boolean;
}

/** The status of the last line that failed, in a batch; where somebody types always that of success. */
export async function runShell({ session, lines, goesOn }: ShellRequest, tools: SftpTools): Promise<number> {
  let found: SessionRef | undefined;
  const hear = (ref: SessionRef): void => {
    found = ref;
  };
  await using files = await tools.open(session, { found: hear });
  // The commands open and close; here one connection serves them all.
  const shared = { ...files, [Symbol.asyncDispose]: async () => {} };
  const open: SftpTools['open'] = async (_, { found: tell } = {}) => {
    // Told once, so what depends on it is said once.
    if (tell !== undefined && found !== undefined) {
      tell(found);
      found = undefined;
    }
    return shared;
  };
  const state: ShellState = {
    session,
    files,
    tools: { ...tools, open },
    remote: await files.realpath('.'),
    local: await tools.local.realPath('.'),
    isOver: false,
    putFiles,
    getFiles,
  };
  for await (const line of lines((typed) => completeLine(typed, state))) {
    const status = await obey(line, state, tools);
    if (status !== ExitCode.ok && !goesOn && !line.trimStart().startsWith('-')) return status;
    if (state.isOver) break;
  }
  // The lines end with the signal, too.
  tools.signal.throwIfAborted();
  return ExitCode.ok;
}

async function obey(line: string, state: ShellState, tools: SftpTools): Promise<number> {
  try {
    // As in OpenSSH's batches: with a dash before it, a line may fail.
    const [name, ...args] = splitWords(
      line.trimStart().replace(/^-/, ''),
      backslashRule(tools.local.isWindows),
    );
    if (name === undefined) return ExitCode.ok;
    const command = ownValue(shellCommands, name);
    if (command === undefined)
      throw new UsageError(`there is no command "${name}"`, { hint: 'help lists them' });
    return await command.run(readArguments(name, args, command.flags), state);
  } catch (error) {
    const isEnd =
      error instanceof UnreachableError || error instanceof InterruptedError || tools.signal.aborted;
    if (!(error instanceof BaiError) || isEnd) throw error;
    return tools.reporter.failure(error);
  }
}

function readArguments(
  name: string,
  args: readonly string[],
  allowed: string,
): { flags: string; paths: string[] } {
  const end = args.indexOf('--');
  const isFlag = (word: string, index: number): boolean =>
    word.length > 1 && word.startsWith('-') && (end < 0 || index < end);
  const flags = args.filter(isFlag).join('').replaceAll('-', '');
  const unknown = Array.from(flags).find((flag) => !allowed.includes(flag));
  if (unknown !== undefined) throw new UsageError(`${name} has no option -${unknown}`);
  return { flags, paths: args.filter((word, index) => !isFlag(word, index) && index !== end) };
}
