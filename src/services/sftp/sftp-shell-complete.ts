/** What Tab offers in the shell of `bai sftp SESSION`. */

import { ownValue } from '../../core/own-value.ts';
import { backslashRule } from '../../core/sftp/backslash-rule.ts';
import { entryNameProblem } from '../../core/sftp/remote-path.ts';
import { escapeWord, splitWords } from '../../core/text/shell-words.ts';
import { BaiError } from '../../errors.ts';
import { type ShellState, shellCommands } from './sftp-shell-commands.ts';
import { atLocal, atRemote } from './sftp-shell-paths.ts';

const mostNames = 1_000;

/** The words that could stand where the last one does, and that one as it was typed. */
export async function completeLine(line: string, state: ShellState): Promise<readonly [string[], string]> {
  const typed = /(?:\\.|[^\s\\])*\\?$/.exec(line)?.[0] ?? '';
  const [name, ...others] = line
    .slice(0, line.length - typed.length)
    .split(/\s+/)
    .filter(Boolean);
  try {
    if (name === undefined)
      return [startingWith(typed, Object.keys(shellCommands)).map((word) => `${word} `), typed];
    // What several names have in common may end in the middle of a `$'\u200b'`.
    const begun = /\$'[^']*$/.exec(typed)?.index;
    const [word = ''] = splitWords(typed.slice(0, begun), backslashRule(state.tools.local.isWindows));
    const isSecond = others.filter((other) => !other.startsWith('-')).length > 0;
    const words = (await names(word, sideOf(name, isSecond), state)).map(escapeWord);
    return [begun === undefined ? words : startingWith(typed, words), typed];
  } catch (error) {
    // Whoever presses Tab is told nothing rather than disturbed.
    if (error instanceof BaiError) return [[], typed];
    throw error;
  }
}

type Side = 'remote' | 'local' | 'nothing';

/** The second path of get and put is on the other side. */
function sideOf(name: string, isSecond: boolean): Side {
  const command = ownValue(shellCommands, name);
  if (command === undefined) return 'nothing';
  if (!isSecond || (name !== 'get' && name !== 'put')) return command.completes;
  return name === 'get' ? 'local' : 'remote';
}

async function names(written: string, side: Side, state: ShellState): Promise<string[]> {
  const isLocalOfWindows = side === 'local' && state.tools.local.isWindows;
  // Offered with slashes, which Windows takes as well: a backslash at the end would keep the next word at this one.
  const word = isLocalOfWindows ? written.replaceAll('\\', '/') : written;
  const slash = word.lastIndexOf('/') + 1;
  const [folder, start] = [word.slice(0, slash), word.slice(slash)];
  const found: string[] = [];
  if (side === 'nothing') return found;
  const entries = side === 'remote' ? remoteNames(folder, state) : localNames(folder, state);
  for await (const { name, isFolder } of entries) {
    if (!name.startsWith(start) || (name.startsWith('.') && start === '')) continue;
    if (entryNameProblem(name, false) === undefined) found.push(`${folder}${name}${isFolder ? '/' : ''}`);
    if (found.length >= mostNames) break;
  }
  return found.sort();
}

interface Name {
  readonly name: string;
  readonly isFolder: boolean;
}

async function* remoteNames(folder: string, state: ShellState): AsyncGenerator<Name> {
  for await (const { name, attributes } of state.files.list(atRemote(folder, state)))
    yield { name, isFolder: attributes.kind === 'folder' };
}

async function* localNames(folder: string, state: ShellState): AsyncGenerator<Name> {
  for await (const { name, kind } of state.tools.local.list(atLocal(folder, state), true))
    yield { name, isFolder: kind === 'folder' };
}

function startingWith(start: string, words: readonly string[]): string[] {
  return words.filter((word) => word.startsWith(start)).sort();
}
