/** The shells that people type into, and the one mechanism that writes a line for them. */

import { shellCommand, shellQuote } from './shell-quote.ts';
import { cmdCommand, powershellCommand } from './windows-command.ts';

export const shells = ['sh', 'cmd', 'powershell'] as const;

/** `sh` stands for every shell of POSIX. */
export type Shell = (typeof shells)[number];

/** A whole command, ready to paste. */
export interface ReadyLine {
  readonly line: string;
  /** Where it goes, when another shell of this machine wants another line. */
  readonly shell?: 'cmd.exe' | 'PowerShell';
}

/** On Windows both shells are there, whichever bai was started from. */
export function linesFor(shell: Shell, words: readonly string[]): readonly ReadyLine[] {
  if (shell === 'sh') return [{ line: shellCommand(words) }];
  const [cmd, powershell] = [cmdCommand(words), powershellCommand(words)];
  if (cmd === powershell) return [{ line: cmd }];
  return [
    { line: cmd, shell: 'cmd.exe' },
    { line: powershell, shell: 'PowerShell' },
  ];
}

/** For one shell. */
export function lineFor(shell: Shell, words: readonly string[]): string {
  return { sh: shellCommand, cmd: cmdCommand, powershell: powershellCommand }[shell](words);
}

/** Sets variables in that shell itself, a line for each. */
export function variableLines(shell: Shell, variables: Readonly<Record<string, string>>): string[] {
  return Object.entries(variables).map(([name, value]) => variableLine[shell](name, value));
}

const variableLine: Readonly<Record<Shell, (name: string, value: string) => string>> = {
  sh: (name, value) => `export ${name}=${shellQuote(value)}`,
  cmd: (name, value) =>
    // In quotes a `%` could not be hidden from cmd.exe, and without them each of the others has to be.
    /["%]/.test(value)
      ? `set ${name}=${value.replaceAll(/[\^&|<>()"%!]/g, '^$&')}`
      : `set "${name}=${value}"`,
  powershell: (name, value) => `$env:${name} = '${value.replaceAll(/['\u2018-\u201b]/g, '$&$&')}'`,
};

export function unsetLine(shell: Shell, name: string): string {
  return { sh: `unset ${name}`, cmd: `set ${name}=`, powershell: `Remove-Item Env:${name}` }[shell];
}

/** `>` of Windows PowerShell writes UTF-16. */
export function intoFile(shell: Shell, words: readonly string[], file: string): string {
  const line = lineFor(shell, words);
  if (shell === 'sh') return `${line} > ${shellQuote(file)}`;
  if (shell === 'cmd') return `${line} > ${cmdCommand([file])}`;
  return `${line} | ${powershellCommand(['Set-Content', '-Encoding', 'ascii', file])}`;
}

/** PowerShell has no `<`. */
export function fromFile(shell: Shell, words: readonly string[], file: string): string {
  const line = lineFor(shell, words);
  if (shell === 'powershell') return `${powershellCommand(['Get-Content', '-Raw', file])} | ${line}`;
  return `${line} < ${lineFor(shell, [file])}`;
}

interface ShellFacts {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Which shell has most likely started this process. Windows tells nobody, but Git's shells have MSYSTEM, and PowerShell puts the modules
 * of its user in front of those of the machine, which all others have as well.
 */
export function shellOf({ platform, environment }: ShellFacts): Shell {
  if (platform !== 'win32') return 'sh';
  if (environment['MSYSTEM'] && environment['SHELL']) return 'sh';
  const ofMachine = ['ProgramFiles', 'ProgramW6432', 'ProgramFiles(x86)', 'SystemRoot']
    .map((name) => environment[name] ?? environment[name.toUpperCase()] ?? '')
    .filter((folder) => folder !== '')
    .map((folder) => folder.toLowerCase());
  const modules = (environment['PSModulePath'] ?? environment['PSMODULEPATH'] ?? '').toLowerCase().split(';');
  const isOwn = (folder: string): boolean =>
    /[\\/](?:windows)?powershell[\\/]modules[\\/]?$/.test(folder) &&
    !ofMachine.some((place) => folder.startsWith(place));
  return modules.some(isOwn) ? 'powershell' : 'cmd';
}
