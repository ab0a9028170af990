/** Command lines for OpenSSH's programs through a forwarder: what bai runs, and what it prints for people to copy. */

import { sshSwitches, sshValued } from './session-words.ts';
import { shellCommand, shellQuote } from './shell-quote.ts';

export interface SshTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Nothing: the keys of the agent, and `ownKeys`. */
  readonly identityFile: string | undefined;
  /** Files that may be offered behind the agent's keys when there is no `identityFile`. */
  readonly ownKeys?: readonly string[];
  readonly knownHosts: string;
  readonly hostKeyAlias: string;
  /** A file that is always empty, e.g. `/dev/null`. */
  readonly nullDevice: string;
}

/**
 * The host key must be the pinned one: nothing is asked and nothing is accepted. A shared connection is
 * found by host and port, which another session may have had a moment ago, so there is none.
 */
export function sshOptions(target: SshTarget, userArguments: readonly string[] = []): string[] {
  const { identityFile, nullDevice } = target;
  const goesElsewhere = leadingOptions(userArguments).some((word) => /^(-o)?\s*ProxyCommand\b/i.test(word));
  const options = [
    `UserKnownHostsFile=${configValue(target.knownHosts)}`,
    `GlobalKnownHostsFile=${nullDevice}`,
    `HostKeyAlias=${target.hostKeyAlias}`,
    'StrictHostKeyChecking=yes',
    `HostKeyAlgorithms=${hostKeyAlgorithms}`,
    'UpdateHostKeys=no',
    'CheckHostIP=no',
    'PreferredAuthentications=publickey',
    'ControlPath=none',
    'RemoteCommand=none',
    'RequestTTY=auto',
    ...(goesElsewhere ? [] : ['ProxyCommand=none']),
    ...(identityFile === undefined ? ['IdentitiesOnly=no'] : ['IdentitiesOnly=yes']),
  ];
  return [...keyOption(target), ...options.flatMap((option) => ['-o', option])];
}

/** The words before the command: options, and the values of those that take one. */
export function leadingOptions(words: readonly string[]): string[] {
  const options: string[] = [];
  for (let next = 0; next < words.length; ) {
    const option = optionOf(words[next] ?? '', words[next + 1]);
    if (option === undefined) break;
    options.push(...words.slice(next, next + option.words));
    next += option.words;
  }
  return options;
}

export interface SshOption {
  /** The letter that takes a value, or an empty text. */
  readonly flag: string;
  readonly value: string | undefined;
  /** The letters before it in the same word, such as `-N` of `-NL`. */
  readonly before: string;
  /** How many words it is. */
  readonly words: number;
}

const optionWord = new RegExp(`^-([${sshSwitches}]*)([${sshValued}]?)(.*)$`, 's');

/** One word of ssh's options, with the value that may be the word after it; nothing for a word that is no option. */
export function optionOf(word: string, following: string | undefined): SshOption | undefined {
  if (!/^-./.test(word) || word === '--') return undefined;
  const [, letters = '', flag = '', attached = ''] = optionWord.exec(word) ?? [];
  const before = letters === '' ? '' : `-${letters}`;
  if (flag === '' || attached !== '') return { flag, value: attached || undefined, before, words: 1 };
  return { flag, value: following, before, words: following === undefined ? 1 : 2 };
}

/** dropbear has RSA only, which a user's own configuration may leave out. */
export const hostKeyAlgorithms =
  'ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256';

/** The destination comes before the user's arguments, so that ssh itself tells its options from the command. */
export function sshArguments(target: SshTarget, userArguments: readonly string[]): string[] {
  const destination = `${target.user}@${target.host}`;
  return ['-p', String(target.port), ...sshOptions(target, userArguments), destination, ...userArguments];
}

export interface ReadyCommands {
  readonly ssh: string;
  readonly sftp: string;
  readonly scp: string;
  readonly rsync: string;
}

/**
 * Ready to paste into a POSIX shell; only the options without which the session's own key and its pinned
 * host key might not be used. The sessions' dropbear sends more than an OpenSSH client's window allows, and
 * large downloads then break off; requests of 32 KiB keep within it.
 */
export function readyCommands(target: SshTarget, home: string): ReadyCommands {
  const options = essentialOptions(target);
  const port = String(target.port);
  const remote = `${target.user}@${target.host}`;
  const shell = shellCommand(['ssh', '-p', port, ...options]);
  return {
    ssh: `${shell} ${remote}`,
    sftp: shellCommand(['sftp', '-P', port, '-B', '32768', ...options, remote]),
    scp: `${shellCommand(['scp', '-P', port, '-X', 'buffer=32768', ...options])} -r FILE ${remote}:${home}/`,
    rsync: `rsync -av -e ${shellQuote(rsyncShell(['ssh', '-p', port, ...options]))} FOLDER/ ${remote}:${home}/FOLDER/`,
  };
}

/** rsync takes its shell apart by rules of its own: within quotes a doubled quote stands for one. */
function rsyncShell(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "''")}'`))
    .join(' ');
}

function essentialOptions(target: SshTarget): string[] {
  const { identityFile, knownHosts, hostKeyAlias } = target;
  const only = identityFile === undefined ? 'IdentitiesOnly=no' : 'IdentitiesOnly=yes';
  const key = [...keyOption(target), '-o', only];
  const pin = ['-o', `UserKnownHostsFile=${configValue(knownHosts)}`, '-o', `HostKeyAlias=${hostKeyAlias}`];
  // Without these, a user's own configuration could switch the check off or lead elsewhere.
  const firm = ['StrictHostKeyChecking=yes', 'ControlPath=none', 'ProxyCommand=none'];
  return [...key, ...pin, ...firm.flatMap((option) => ['-o', option])];
}

/** A value in ssh's configuration syntax, where spaces, quotes and backslashes have a meaning too. */
function configValue(path: string): string {
  return configWord(percentDoubled(path));
}

/** As `configValue`, for a text in which `%` begins a token already. */
export function configWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

function keyOption({ identityFile, ownKeys = [] }: SshTarget): string[] {
  if (identityFile !== undefined) return identityOption(identityFile);
  // Without any, ssh would offer those of the home in the password file, whatever HOME says.
  return ownKeys.length === 0 ? ['-o', 'IdentityFile=none'] : ownKeys.flatMap(identityOption);
}

/** `-i` looks for the file under its literal name and then expands it, so a `%` needs the long form. */
function identityOption(path: string): string[] {
  return path.includes('%') ? ['-o', `IdentityFile=${configValue(path)}`] : ['-i', path];
}

/** In file names of ssh `%` starts a token. */
export function percentDoubled(path: string): string {
  return path.replaceAll('%', '%%');
}
