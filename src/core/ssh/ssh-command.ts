/** Command lines for OpenSSH's programs through a forwarder: what bai runs, and what it prints for people to copy. */

import { lineFor, type Shell } from '../text/shells.ts';
import { configPath, slashed } from './config-word.ts';
import { optionsIn, settingOf, settingsIn, takeConfiguration, withoutWay } from './ssh-options.ts';

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
  /** The end of the session is not passed on: ssh has to ask. */
  readonly hidesEnds?: boolean | undefined;
  /** A file that is always empty, e.g. `/dev/null`. */
  readonly nullDevice: string;
  /** What ssh runs on; any but Windows when left out. */
  readonly platform?: NodeJS.Platform | undefined;
}

/**
 * The host key must be the pinned one: nothing is asked and nothing is accepted. A shared connection is
 * found by host and port, which another session may have had a moment ago, so there is none.
 */
function firmOptions({ knownHosts, nullDevice, hostKeyAlias, platform }: SshTarget): string[] {
  return [
    `UserKnownHostsFile=${configPath(slashed(knownHosts, platform))}`,
    `GlobalKnownHostsFile=${nullDevice}`,
    `HostKeyAlias=${hostKeyAlias}`,
    'StrictHostKeyChecking=yes',
    'UpdateHostKeys=no',
    'CheckHostIP=no',
    'ControlPath=none',
  ];
}

/** What ends a connection within a minute whose other end is gone, though nobody tells. */
export const aliveOptions = ['ServerAliveInterval=15', 'ServerAliveCountMax=3'] as const;

/** What the user may say otherwise. */
function softOptions({ identityFile, hidesEnds }: SshTarget): string[] {
  return [
    ...(hidesEnds ? aliveOptions : []),
    `HostKeyAlgorithms=${hostKeyAlgorithms}`,
    'PreferredAuthentications=publickey',
    `IdentitiesOnly=${identityFile === undefined ? 'no' : 'yes'}`,
  ];
}

/** dropbear has RSA only, which a user's own configuration may leave out. */
export const hostKeyAlgorithms =
  'ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256';

/** No file of the user's or of the system: the way is bai's own. */
const noConfiguration = ['-F', 'none'] as const;

/**
 * The destination comes before the user's arguments, so that ssh itself tells its options from the command. `inherited` are
 * options out of the user's configuration, which ssh does not read, not even one that the words name.
 */
export function sshArguments(
  target: SshTarget,
  userArguments: readonly string[],
  inherited: readonly string[] = [],
): string[] {
  const named = settingsIn([...inherited, ...userArguments]);
  const soft = softOptions(target).filter((option) => !named.has(option.replace(/=.*/s, '').toLowerCase()));
  return [
    ...noConfiguration,
    ...['-p', String(target.port), ...keyOption(target)],
    ...[...firmOptions(target), ...soft].flatMap((option) => ['-o', option]),
    ...inherited,
    `${target.user}@${target.host}`,
    ...withoutWay(takeConfiguration(userArguments).words),
  ];
}

/** Whether ports are forwarded by these words: -L, -R, -D or their settings. */
export function hasForwards(words: readonly string[]): boolean {
  return optionsIn(words).some(
    ({ flag, value }) => /^[LRD]$/.test(flag) || (flag === 'o' && forwardSettings.has(settingOf(value).name)),
  );
}

const forwardSettings: ReadonlySet<string> = new Set(['localforward', 'remoteforward', 'dynamicforward']);

export interface ReadyCommands {
  readonly ssh: string;
  readonly sftp: string;
  readonly scp: string;
  readonly rsync: string;
}

type ReadyWords = Readonly<Record<keyof ReadyCommands, readonly string[]>>;

export function readyCommands(target: SshTarget, home: string, shell: Shell): ReadyCommands {
  const { ssh, sftp, scp, rsync } = readyWords(target, home);
  const line = (words: readonly string[]): string => lineFor(shell, words);
  return { ssh: line(ssh), sftp: line(sftp), scp: line(scp), rsync: line(rsync) };
}

/**
 * Ready to paste; only the options without which the session's own key and its pinned
 * host key might not be used. The sessions' dropbear sends more than an OpenSSH client's window allows, and
 * large downloads then break off; requests of 32 KiB keep within it.
 */
export function readyWords(target: SshTarget, home: string): ReadyWords {
  const options = essentialOptions(target);
  const port = String(target.port);
  const remote = `${target.user}@${target.host}`;
  const ssh = ['ssh', '-p', port, ...options];
  return {
    ssh: [...ssh, remote],
    sftp: ['sftp', '-P', port, '-B', '32768', ...options, remote],
    scp: ['scp', '-P', port, '-X', 'buffer=32768', ...options, '-r', 'FILE', `${remote}:${home}/`],
    rsync: ['rsync', '-av', '-e', rsyncShell(ssh), 'FOLDER/', `${remote}:${home}/FOLDER/`],
  };
}

/** For another machine: the key is a copy in the folder where it is typed, and the host key one of its known_hosts. */
export function commandsElsewhere(
  { host, port, user, identityFile, hidesEnds }: SshTarget,
  home: string,
  shell: Shell,
): Omit<ReadyCommands, 'rsync'> {
  const file = identityFile?.split(/[\\/]/).pop();
  const alive = hidesEnds ? aliveOptions.flatMap((option) => ['-o', option]) : [];
  const options = [...(file === undefined ? [] : ['-i', file]), ...alive];
  const remote = `${user}@${bracketed(host)}`;
  const copy = ['scp', '-P', String(port), '-X', 'buffer=32768', ...options];
  return {
    ssh: lineFor(shell, ['ssh', '-p', String(port), ...options, `${user}@${host}`]),
    sftp: lineFor(shell, ['sftp', '-P', String(port), '-B', '32768', ...options, remote]),
    scp: lineFor(shell, [...copy, '-r', 'FILE', `${remote}:${home}/`]),
  };
}

/** As URLs and the programs that take `HOST:PATH` have it. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** rsync takes its shell apart by rules of its own: within quotes a doubled quote stands for one. */
function rsyncShell(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "''")}'`))
    .join(' ');
}

function essentialOptions(target: SshTarget): string[] {
  const { identityFile, hostKeyAlias, hidesEnds } = target;
  const knownHosts = slashed(target.knownHosts, target.platform);
  const only = identityFile === undefined ? 'IdentitiesOnly=no' : 'IdentitiesOnly=yes';
  const key = [...keyOption(target), '-o', only];
  const pin = ['-o', `UserKnownHostsFile=${configPath(knownHosts)}`, '-o', `HostKeyAlias=${hostKeyAlias}`];
  // Without the first, a user's own configuration could switch the check off, lead elsewhere or leave out what the session has.
  const alive = hidesEnds ? aliveOptions.flatMap((option) => ['-o', option]) : [];
  return [...noConfiguration, ...key, ...pin, '-o', 'StrictHostKeyChecking=yes', ...alive];
}

function keyOption({ identityFile, ownKeys = [], platform }: SshTarget): string[] {
  if (identityFile !== undefined) return identityOption(identityFile, platform);
  // Without any, ssh would offer those of the home in the password file, whatever HOME says.
  if (ownKeys.length === 0) return ['-o', 'IdentityFile=none'];
  return ownKeys.flatMap((path) => identityOption(path, platform));
}

/** `-i` looks for the file under its literal name and then expands it, so a `%` needs the long form. */
function identityOption(path: string, platform?: NodeJS.Platform): string[] {
  return path.includes('%') ? ['-o', `IdentityFile=${configPath(slashed(path, platform))}`] : ['-i', path];
}
