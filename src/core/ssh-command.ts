/** Command lines for OpenSSH's programs through a forwarder: what bai runs, and what it prints for people to copy. */

import { shellCommand, shellQuote } from './shell-quote.ts';

export interface SshTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Nothing: whatever keys the user's agent and configuration offer. */
  readonly identityFile: string | undefined;
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
  const jumps = leadingOptions(userArguments).some((word) =>
    /^-J|^(-o)?\s*Proxy(Jump|Command)\b/i.test(word),
  );
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
    ...(jumps ? [] : ['ProxyCommand=none']),
    ...(identityFile === undefined ? [] : ['IdentitiesOnly=yes']),
  ];
  const key = identityFile === undefined ? [] : ['-i', identityFile];
  return [...key, ...options.flatMap((option) => ['-o', option])];
}

/** The words before the command: options, and the values of those that take one. */
function leadingOptions(words: readonly string[]): string[] {
  const options: string[] = [];
  let isValue = false;
  for (const word of words) {
    if (!isValue && (!word.startsWith('-') || word === '--')) break;
    options.push(word);
    isValue = !isValue && /^-[1246AaCfGgKkMNnqsTtVvXxYy]*[BbcDEeFIiJLlmOopPQRSWw]$/.test(word);
  }
  return options;
}

/** dropbear has RSA only, which a user's own configuration may leave out. */
const hostKeyAlgorithms =
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
    rsync: `rsync -av -e ${shellQuote(shell)} FOLDER/ ${remote}:${home}/FOLDER/`,
  };
}

function essentialOptions({ identityFile, knownHosts, hostKeyAlias }: SshTarget): string[] {
  const key = identityFile === undefined ? [] : ['-i', identityFile, '-o', 'IdentitiesOnly=yes'];
  const pin = ['-o', `UserKnownHostsFile=${configValue(knownHosts)}`, '-o', `HostKeyAlias=${hostKeyAlias}`];
  // Without these two, a user's own configuration could switch the check off or lead to another session.
  return [...key, ...pin, '-o', 'StrictHostKeyChecking=yes', '-o', 'ControlPath=none'];
}

/** In ssh's configuration syntax `%` starts a token and a space ends the value. */
function configValue(path: string): string {
  const escaped = path.replaceAll('%', '%%');
  return /\s/.test(escaped) ? `"${escaped}"` : escaped;
}
