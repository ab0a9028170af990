/** bai's part of ssh's configuration: hosts `NAME.bai` for plain ssh, scp, sftp, rsync, git and editors. */

import type { Provider } from '../session/provider.ts';
import type { SessionRef } from '../session/session.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import { hostPattern, hostSuffixOf, markerOf, usualHead, usualProfile } from './config-sections.ts';
import { configPath, configWord, percentDoubled, slashed } from './config-word.ts';
import { hostToken, proxyCommand } from './proxy-command.ts';
import { aliveOptions, hostKeyAlgorithms } from './ssh-command.ts';
import type { SshSettings } from './ssh-settings.ts';

/** What host keys are looked up under when ssh knows the session's name and not its id. */
export const aliasByName = 'bai-by-name';

export interface SshConfigFacts {
  /** Whether its sessions run the dropbear that sends too much; false where another server runs. */
  readonly usesDropbear?: boolean | undefined;
  /** See `Provider`. */
  readonly hidesEnds?: boolean | undefined;
  /** Whose hosts these are; the default profile's when left out. */
  readonly profile?: string | undefined;
  /** Nothing where each session has an account of its own, and there is no usual one. */
  readonly user: string | undefined;
  /** The user of bai has said so, whatever account a session has. */
  readonly isUserChosen?: boolean | undefined;
  /** Where `id_container` is or will be, or a key of the user's own; nothing: those that ssh offers by itself. */
  readonly identityFile: string | undefined;
  /** `identityFile` is a key of the user's own. */
  readonly hasOwnKey?: boolean | undefined;
  /** ssh takes no file but the agent's keys: the user's own, or the one that bai gives the agent at each connection. */
  readonly agentKeys?: 'own' | 'issued' | undefined;
  readonly knownHosts: string;
  /** Of the files that are made for each host name at its first connection; absolute. */
  readonly hostsFolder: string;
  /** A file that is always empty, e.g. `/dev/null`. */
  readonly nullDevice: string;
  /** What the user's configuration says of all hosts; see `ownAgainst`. */
  readonly ofAllHosts?: SshSettings | undefined;
  /** Starts bai from any shell and folder: absolute path of a program, then arguments. No secret. */
  readonly bai: readonly string[];
  /** What ssh runs on; any but Windows and macOS when left out. */
  readonly platform?: NodeJS.Platform | undefined;
}

export interface ListedHost {
  readonly host: string;
  readonly session: SessionRef;
  readonly hostKeyAlias: string;
  /** Where it is not the usual one. */
  readonly account?: string | undefined;
  /** Why the host has the session's id for a name. */
  readonly named: 'by-name' | 'by-id-unsafe' | 'by-id-ambiguous';
}

/** The session that a host name stands for; nothing when it is no name that bai gives to a host. */
export function sessionOfHost(host: string, profile = usualProfile): string | undefined {
  const suffix = hostSuffixOf(profile);
  const name = host.toLowerCase().endsWith(suffix) ? host.slice(0, -suffix.length) : '';
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(name) ? name : undefined;
}

/**
 * One host for each session, in the order of their names. Only names that mean nothing to a shell, to ssh or to a file
 * system become hosts; those in capitals do not, because ssh takes host names for the same in either case.
 */
export function listHosts(
  all: readonly SessionRef[],
  provider: Pick<Provider, 'isId' | 'hostKeyAlias' | 'accountIn'>,
  profile = usualProfile,
): ListedHost[] {
  // An id stands in a command for a shell, so what a server calls one has to be one.
  const sessions = all.filter(({ id }) => provider.isId(id));
  const count = new Map<string, number>();
  for (const { name } of sessions) count.set(name, (count.get(name) ?? 0) + 1);
  const hosts = sessions.map((session): ListedHost => {
    const { id, name } = session;
    const account = provider.accountIn?.(session);
    const known = { session, hostKeyAlias: provider.hostKeyAlias(session), account };
    if (!isHostName(name)) return { ...known, host: hostOfId(id, profile), named: 'by-id-unsafe' };
    if (count.get(name) !== 1) return { ...known, host: hostOfId(id, profile), named: 'by-id-ambiguous' };
    return { ...known, host: `${name}${hostSuffixOf(profile)}`, named: 'by-name' };
  });
  return hosts.sort((a, b) => (a.host < b.host ? -1 : 1));
}

export function hostOfId(id: string, profile = usualProfile): string {
  return `${id}${hostSuffixOf(profile)}`;
}

export function isHostName(name: string): boolean {
  return /^[a-z0-9][a-z0-9_.-]{0,127}$/.test(name);
}

/** The part of the file for a profile. ssh takes the first value of each option, so the listed hosts come before the pattern for all. */
export function sshConfigText(given: SshConfigFacts, hosts: readonly ListedHost[]): string {
  const facts = asSshHasIt(given);
  const marker = markerOf(facts.profile ?? usualProfile);
  return [
    ...(marker === undefined ? head : [marker]),
    ...(facts.usesDropbear === false ? [] : lossHead),
    '',
    ...hosts.flatMap((host) => listedBlock(facts, host)),
    ...wildcardBlock(facts),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function asSshHasIt(facts: SshConfigFacts): SshConfigFacts {
  const path = (each: string): string => slashed(each, facts.platform);
  return {
    ...facts,
    identityFile: facts.identityFile && path(facts.identityFile),
    knownHosts: path(facts.knownHosts),
    hostsFolder: path(facts.hostsFolder),
    bai: facts.bai.map(path),
  };
}

/** Of sessions of Backend.AI. */
const lossHead = [
  '#',
  "# Large outputs can lose bytes on this way: the sessions' dropbear sends more than ssh's window allows.",
  '# OpenSSH up to 9.5 drops the rest silently, newer ones disconnect. Move data with `sftp -B 32768`, with',
  '# `scp -X buffer=32768`, or with `bai sftp get`, which lose nothing.',
] as const;

const head = [
  `${usualHead}file; \`bai ssh-config remove\` takes it away.`,
  '# Every session of yours is a host: NAME.bai, or ID.bai when its name cannot be that of a host.',
] as const;

function listedBlock(facts: SshConfigFacts, listed: ListedHost): string[] {
  const { host, session, hostKeyAlias, account, named } = listed;
  const isOwn = !facts.isUserChosen && account !== undefined && /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(account);
  return [
    ...(named === 'by-name' ? [] : [`# session ${sanitizeLine(session.name)}`]),
    `Host ${host}`,
    `  HostKeyAlias ${hostKeyAlias}`,
    `  UserKnownHostsFile ${configPath(facts.knownHosts)}`,
    `  ProxyCommand ${proxyCommand(facts, host, session.id)}`,
    ...(isOwn ? [`  User ${account}`] : []),
    '',
  ];
}

function fileOfHost({ hostsFolder }: SshConfigFacts, ending: string): string {
  return configWord(`${percentDoubled(hostsFolder)}/%n${ending}`);
}

function identityLines(facts: SshConfigFacts): string[] {
  if (facts.agentKeys !== undefined) return ['IdentityFile none', 'IdentitiesOnly no'];
  if (facts.identityFile === undefined) return [];
  const file = configWord(percentDoubled(facts.identityFile));
  return [`IdentityFile ${file}`, `IdentityFile ${fileOfHost(facts, '.key')}`, 'IdentitiesOnly yes'];
}

/** Old versions of ssh check host names for nothing: see `hostPattern`. */
function wildcardBlock(facts: SshConfigFacts): string[] {
  const ofHost = (ending: string): string => fileOfHost(facts, ending);
  const token = hostToken(facts.platform);
  return [
    hostPattern(facts.profile ?? usualProfile, facts.platform),
    ...(facts.user === undefined ? [] : [`  User ${facts.user}`]),
    ...[...identityLines(facts), ...keychainLines(facts)].map((line) => `  ${line}`),
    '  PubkeyAuthentication yes',
    '  PreferredAuthentications publickey',
    ...(facts.hasOwnKey ? [] : ['  AddKeysToAgent no']),
    '  StrictHostKeyChecking yes',
    `  HostKeyAlias ${aliasByName}`,
    `  UserKnownHostsFile ${ofHost('')}`,
    `  GlobalKnownHostsFile ${facts.nullDevice}`,
    `  HostKeyAlgorithms ${hostKeyAlgorithms}`,
    '  UpdateHostKeys no',
    '  CheckHostIP no',
    '  VerifyHostKeyDNS no',
    '  RevokedHostKeys none',
    ...algorithms,
    '  CanonicalizeHostname no',
    '  ConnectTimeout 0',
    '  Tunnel no',
    '  ProxyUseFdpass no',
    ...(facts.hidesEnds ? aliveOptions.map((option) => `  ${option.replace('=', ' ')}`) : []),
    ...ownAgainst(facts.ofAllHosts ?? new Map()).map((line) => `  ${line}`),
    `  ProxyCommand ${proxyCommand(facts, token, token)}`,
  ];
}

/**
 * Apple's ssh finds the passphrase of a user's own key in the keychain. Another ssh on the same machine does not know the word. The first
 * IgnoreUnknown counts, so what the user ignores stands in it, too.
 */
function keychainLines({ platform, hasOwnKey, ofAllHosts }: SshConfigFacts): string[] {
  if (platform !== 'darwin' || hasOwnKey !== true) return [];
  const theirs = ofAllHosts?.get('ignoreunknown') ?? [];
  const ignored = [...new Set(['UseKeychain', ...theirs.flatMap((list) => list.split(','))])];
  return [`IgnoreUnknown ${configWord(ignored.join(','))}`, 'UseKeychain yes'];
}

/** What ssh has by itself: a plus adds to that. Who leaves some out for all hosts may leave out all that a session has. */
const algorithms = [
  '  KexAlgorithms +curve25519-sha256',
  '  Ciphers +aes128-ctr',
  '  MACs +hmac-sha2-256',
  '  PubkeyAcceptedKeyTypes +rsa-sha2-256',
] as const;

/**
 * Against what the user says of all hosts. Older releases of ssh do not know some of these names, and refuse the whole file
 * for them; whoever uses a name has a release that knows it. What the user says of a session's host alone stays.
 */
function ownAgainst(settings: SshSettings): readonly string[] {
  const first = (name: string): string => settings.get(name)?.[0] ?? '';
  const differs = (name: string, usual: string): boolean => ![usual, ''].includes(first(name));
  return [
    ...(Number(first('requiredrsasize')) > 1024 ? ['RequiredRSASize 1024'] : []),
    ...(differs('knownhostscommand', 'none') ? ['KnownHostsCommand none'] : []),
    ...(differs('sessiontype', 'default') ? ['SessionType default'] : []),
    ...(differs('remotecommand', 'none') ? ['RemoteCommand none'] : []),
    ...(differs('stdinnull', 'no') ? ['StdinNull no'] : []),
    ...(differs('forkafterauthentication', 'no') ? ['ForkAfterAuthentication no'] : []),
  ];
}

/** What `ssh -G` has to print of a host of sessions, where it reads the file of these facts. */
export function expectedSettings(given: SshConfigFacts, host: string): ReadonlyMap<string, string> {
  const facts = asSshHasIt(given);
  const word = hostToken(facts.platform).replace('%n', () => host);
  return new Map([
    ['hostkeyalias', aliasByName],
    ['userknownhostsfile', `${facts.hostsFolder}/${host}`],
    ...(facts.agentKeys === undefined && facts.identityFile !== undefined
      ? ([['identityfile', facts.identityFile]] as const)
      : []),
    ['proxycommand', proxyCommand(facts, word, word).replaceAll('%%', '%')],
  ]);
}
