/** Commands that hints tell people to type, for the shell and the system that bai was started on. */

import { fromFile, intoFile, lineFor, type Shell, shellOf, unsetLine } from './shells.ts';

/** Of this process, for as long as it runs. */
export const ownShell: Shell = shellOf({ platform: process.platform, environment: process.env });

export function typed(words: readonly string[], shell: Shell = ownShell): string {
  return lineFor(shell, words);
}

export function typedInto(file: string, words: readonly string[], shell: Shell = ownShell): string {
  return intoFile(shell, words, file);
}

export function typedFrom(file: string, words: readonly string[], shell: Shell = ownShell): string {
  return fromFile(shell, words, file);
}

export function typedUnset(name: string, shell: Shell = ownShell): string {
  return unsetLine(shell, name);
}

/** What starts an SSH agent where there is none. */
export function agentStart(platform: NodeJS.Platform = process.platform): string {
  if (platform !== 'win32') return 'start one: `eval "$(ssh-agent)"`';
  return 'start Pageant, or the service of OpenSSH, once as an administrator: `Set-Service ssh-agent -StartupType Automatic; Start-Service ssh-agent`';
}

/** macOS remembers the passphrase then, as `UseKeychain` has it in ssh's configuration. */
export function agentAdd(file = '', platform: NodeJS.Platform = process.platform): string {
  const words = ['ssh-add', ...(platform === 'darwin' ? ['--apple-use-keychain'] : [])];
  return file === '' ? words.join(' ') : typed([...words, file]);
}
