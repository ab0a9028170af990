/** bai's part of ssh's configuration: hosts `NAME.bai` for plain ssh, scp, sftp, rsync, git and editors. */

import { sanitizeLine } from './sanitize.ts';
import { isSessionId, type SessionRef } from './session.ts';
import { shellQuote } from './shell-quote.ts';
import { configWord, hostKeyAlgorithms, percentDoubled } from './ssh-command.ts';

/** What host names of sessions end with. */
export const hostSuffix = '.bai';

/** What host keys are looked up under when ssh knows the session's name and not its id. */
export const aliasByName = 'bai-by-name';

export interface SshConfigFacts {
  readonly user: string;
  /** Where `id_container` is or will be, or a key of the user's own. */
  readonly identityFile: string;
  /** ssh takes no file but the agent's keys: the user's own, or the one that bai gives the agent at each connection. */
  readonly agentKeys?: 'own' | 'issued' | undefined;
  readonly knownHosts: string;
  /** Of the files that are made for each host name at its first connection; absolute. */
  readonly hostsFolder: string;
  /** A file that is always empty, e.g. `/dev/null`. */
  readonly nullDevice: string;
  /** Starts bai from any shell and folder: absolute path of a program, then arguments. No secret. */
  readonly bai: readonly string[];
}

export interface ListedHost {
  readonly host: string;
  readonly session: SessionRef;
  /** Why the host has the session's id for a name. */
  readonly named: 'by-name' | 'by-id-unsafe' | 'by-id-ambiguous';
}

/** The session that a host name stands for; nothing when it is no name that bai gives to a host. */
export function sessionOfHost(host: string): string | undefined {
  const name = host.endsWith(hostSuffix) ? host.slice(0, -hostSuffix.length) : '';
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(name) ? name : undefined;
}

/**
 * One host for each session, in the order of their names. Only names that mean nothing to a shell, to ssh or to a file
 * system become hosts; those in capitals do not, because ssh takes host names for the same in either case.
 */
export function listHosts(all: readonly SessionRef[]): ListedHost[] {
  // An id stands in a command for a shell, so what a manager calls one has to be one.
  const sessions = all.filter(({ id }) => isSessionId(id));
  const count = new Map<string, number>();
  for (const { name } of sessions) count.set(name, (count.get(name) ?? 0) + 1);
  const hosts = sessions.map((session): ListedHost => {
    const { id, name } = session;
    if (!isHostName(name)) return { host: hostOfId(id), session, named: 'by-id-unsafe' };
    if (count.get(name) !== 1) return { host: hostOfId(id), session, named: 'by-id-ambiguous' };
    return { host: `${name}${hostSuffix}`, session, named: 'by-name' };
  });
  return hosts.sort((a, b) => (a.host < b.host ? -1 : 1));
}

export function hostOfId(id: string): string {
  return `${id}${hostSuffix}`;
}

export function isHostName(name: string): boolean {
  return /^[a-z0-9][a-z0-9_.-]{0,127}$/.test(name);
}

/** The whole file. ssh takes the first value of each option, so the listed hosts come before the pattern for all. */
export function sshConfigText(facts: SshConfigFacts, hosts: readonly ListedHost[]): string {
  return [...head, ...hosts.flatMap((host) => listedBlock(facts, host)), ...wildcardBlock(facts)]
    .map((line) => `${line}\n`)
    .join('');
}

const head = [
  '# Written by `bai ssh-config install`, which replaces this file; `bai ssh-config remove` takes it away.',
  '# Every session of yours is a host: NAME.bai, or ID.bai when its name cannot be that of a host.',
  '#',
  "# Large outputs can lose bytes on this way: the sessions' dropbear sends more than ssh's window allows.",
  '# OpenSSH up to 9.5 drops the rest silently, newer ones disconnect. Move data with `sftp -B 32768`, with',
  '# `scp -X buffer=32768`, or with `bai sftp get`, which lose nothing.',
  '',
] as const;

function listedBlock(facts: SshConfigFacts, { host, session, named }: ListedHost): string[] {
  return [
    ...(named === 'by-name' ? [] : [`# session ${sanitizeLine(session.name)}`]),
    `Host ${host}`,
    `  HostKeyAlias bai-${session.id}`,
    `  UserKnownHostsFile ${configWord(percentDoubled(facts.knownHosts))}`,
    `  ProxyCommand ${proxyCommand(facts)} --ssh-host ${host} -- ${session.id}`,
    '',
  ];
}

/**
 * `%n` is the name as it was typed, where `%h` has lost its capitals. Between single quotes nothing means anything to a
 * shell but their end, so the pattern leaves out names that hold one: old versions of ssh check host names for nothing.
 */
function wildcardBlock(facts: SshConfigFacts): string[] {
  const word = (path: string): string => configWord(percentDoubled(path));
  const ofHost = (ending: string): string => configWord(`${percentDoubled(facts.hostsFolder)}/%n${ending}`);
  return [
    `Host *${hostSuffix} "!*'*"`,
    `  User ${facts.user}`,
    ...(facts.agentKeys === undefined
      ? [
          `  IdentityFile ${word(facts.identityFile)}`,
          `  IdentityFile ${ofHost('.key')}`,
          '  IdentitiesOnly yes',
        ]
      : ['  IdentityFile none', '  IdentitiesOnly no']),
    '  PreferredAuthentications publickey',
    '  StrictHostKeyChecking yes',
    `  HostKeyAlias ${aliasByName}`,
    `  UserKnownHostsFile ${ofHost('')}`,
    `  GlobalKnownHostsFile ${facts.nullDevice}`,
    `  HostKeyAlgorithms ${hostKeyAlgorithms}`,
    '  UpdateHostKeys no',
    '  CheckHostIP no',
    '  VerifyHostKeyDNS no',
    '  ProxyUseFdpass no',
    `  ProxyCommand ${proxyCommand(facts)} --ssh-host '%n' -- '%n'`,
  ];
}

/** The user's shell runs it, so every word is quoted for one, and `%` begins no token. */
function proxyCommand({ bai, agentKeys }: SshConfigFacts): string {
  const key = { own: ['--identity', 'agent'], issued: ['--key-store', 'agent'], file: [] }[
    agentKeys ?? 'file'
  ];
  return percentDoubled([...bai, 'app', 'ssh', '--stdio', ...key].map(proxyWord).join(' '));
}

function proxyWord(word: string): string {
  return /^--[a-z-]+$/.test(word) ? word : shellQuote(word);
}
