/** Every setting of bai, and where its value may come from. */

import { UsageError } from '../../errors.ts';
import { accessibleVariable, saysYes } from '../accessible.ts';
import { parseAllowFrom } from '../allow-from.ts';
import { parseJumpHosts } from '../ssh/jump-hosts.ts';
import { parsePort } from '../ssh/port-range.ts';
import { controlCharacterProblem } from '../text/text-check.ts';
import {
  asWritten,
  copyAgain,
  parseEndpoints,
  parseEndpointType,
  parseFingerprint,
  parseFlag,
  parseHeaderText,
  parseHostKeyChecking,
  parseInterval,
  parseKeyStore,
  parseLifetime,
  parseProvider,
  parseSeconds,
  parseSecretStore,
  parseUser,
  parseWayIn,
  parseWebSecret,
  providerNames,
} from './setting-parsers.ts';

interface SettingDefinition<T = unknown> {
  /** Environment variables, the winner first. `BACKEND_*` are those of the Python client. */
  readonly env: readonly string[];
  /** Never shown, never taken from the command line. */
  readonly secret?: true;
  /** A file or folder of this machine. */
  readonly path?: true;
  /** Is run: files that come with a project do not say what. */
  readonly program?: true;
  readonly fallback?: string;
  readonly summary: string;
  /** What the text means; throws a UsageError when it is no value of this setting. `name` says where it was written. */
  readonly parse: (text: string, name: string) => T;
}

/** What managers call the account of a session. */
const usualAccount = 'work';

export const settingDefinitions = {
  provider: {
    env: ['BAI_PROVIDER'],
    fallback: 'backend.ai',
    summary: `the platform that the endpoint is of: ${providerNames.map((name) => `\`${name}\``).join(', ')}`,
    parse: parseProvider,
  },
  endpoint: {
    env: ['BAI_ENDPOINT', 'BACKEND_ENDPOINT'],
    summary: "the manager's address; several, separated by commas, are tried in turn",
    parse: parseEndpoints,
  },
  endpointType: {
    env: ['BAI_ENDPOINT_TYPE', 'BACKEND_ENDPOINT_TYPE'],
    fallback: 'api',
    summary:
      '`api`: the endpoint is the manager, and requests are signed with a keypair; `session`: it is the web console, where `bai login` signs in',
    parse: parseEndpointType,
  },
  accessKey: {
    env: ['BAI_ACCESS_KEY', 'BACKEND_ACCESS_KEY'],
    summary: "the keypair's access key",
    parse: parseHeaderText,
  },
  secretKey: {
    env: ['BAI_SECRET_KEY', 'BACKEND_SECRET_KEY'],
    secret: true,
    summary: "the keypair's secret key",
    parse: parseHeaderText,
  },
  token: {
    env: ['BAI_TOKEN'],
    secret: true,
    summary: 'the API token or API key, on platforms that have no keypair',
    parse: parseHeaderText,
  },
  loginId: {
    env: ['BAI_LOGIN_ID'],
    secret: true,
    summary: 'the login at the web console that `bai login` made, for endpointType `session`',
    parse: parseHeaderText,
  },
  secretCommand: {
    env: ['BAI_SECRET_COMMAND'],
    program: true,
    summary:
      'a command that prints the secret in place of secretKey, token or a password, such as `pass show backendai`',
    parse: asWritten,
  },
  secretStore: {
    env: ['BAI_SECRET_STORE'],
    fallback: 'auto',
    summary:
      "where secrets are kept: `keyring` (the system's), `file` (the profile's, for you alone), or `auto`: the keyring where one answers",
    parse: parseSecretStore,
  },
  loginTime: {
    env: ['BAI_LOGIN_TIME'],
    summary: 'from when to when that login counts',
    parse: parseInterval,
  },
  email: {
    env: ['BAI_EMAIL', 'BACKEND_USER'],
    summary: 'whose login it is: whom `bai login` asks for the password',
    parse: asWritten,
  },
  domain: {
    env: ['BAI_DOMAIN', 'BACKEND_DOMAIN'],
    fallback: 'default',
    summary: 'the domain of the account',
    parse: parseHeaderText,
  },
  project: {
    env: ['BAI_PROJECT', 'BACKEND_GROUP'],
    fallback: 'default',
    summary: 'the project (group) new sessions belong to',
    parse: asWritten,
  },
  mounts: {
    env: ['BAI_MOUNTS', 'BACKEND_VFOLDER_MOUNTS'],
    summary: 'virtual folders mounted into every new session, separated by commas',
    parse: (text: string) => text.split(','),
  },
  sshPort: {
    env: ['BAI_SSH_PORT'],
    summary: 'the preferred local port of forwarders',
    parse: parsePort,
  },
  accessible: {
    env: ['BAI_ACCESSIBLE', accessibleVariable],
    fallback: 'no',
    summary:
      'whole lines in place of spinners, bars and lists that are drawn, for screen readers and braille',
    parse: saysYes,
  },
  webSecret: {
    env: ['BAI_WEB_SECRET'],
    fallback: 'cookie',
    summary:
      'what `bai forward` asks of a browser before a web app of a session is shown: `cookie` (a secret of yours, in the address that it prints and in a cookie from then on), or `none`',
    parse: parseWebSecret,
  },
  proxyJump: {
    env: ['BAI_PROXY_JUMP'],
    summary: 'ssh hosts that stand before the manager, [user@]host[:port], separated by commas',
    parse: parseJumpHosts,
  },
  via: {
    env: ['BAI_VIA'],
    fallback: 'manager',
    summary:
      "the way to a session's SSH server: `manager`, `proxy` (a port of the app proxy), or `direct` (upload sessions)",
    parse: parseWayIn,
  },
  allowFrom: {
    env: ['BAI_ALLOW_FROM'],
    summary:
      'with via `proxy`, who may use the port that is opened: `everywhere`, `me`, or addresses and networks, separated by commas',
    parse: parseAllowFrom,
  },
  user: {
    env: ['BAI_USER'],
    fallback: usualAccount,
    summary: 'the account inside sessions',
    parse: parseUser,
  },
  identity: {
    env: ['BAI_IDENTITY'],
    path: true,
    summary: 'a private key of your own, or `agent` for the keys of the SSH agent, in place of id_container',
    parse: asWritten,
  },
  keyStore: {
    env: ['BAI_KEY_STORE'],
    fallback: 'file',
    summary:
      "where a session's key is kept: `file` (in sshDir), `agent` (the SSH agent) or `memory` (of bai)",
    parse: parseKeyStore,
  },
  keyLifetime: {
    env: ['BAI_KEY_LIFETIME'],
    fallback: '1h',
    summary: 'how long the SSH agent keeps a key that keyStore `agent` gave it, such as `90m` or `8h`',
    parse: parseLifetime,
  },
  sshDir: {
    env: ['BAI_SSH_DIR'],
    path: true,
    summary: 'the folder of SSH keys; ~/.ssh when not set',
    parse: asWritten,
  },
  skipTlsVerify: {
    env: ['BAI_SKIP_TLS_VERIFY', 'BACKEND_SKIP_SSLCERT_VALIDATION'],
    fallback: 'no',
    summary:
      'accept any TLS certificate of the manager (dangerous: anyone in between can read and change everything)',
    parse: parseFlag,
  },
  connectTimeout: {
    env: ['BAI_CONNECT_TIMEOUT', 'BACKEND_CONNECTION_TIMEOUT'],
    fallback: '10',
    summary: 'seconds to wait for a connection to the manager',
    parse: (text: string, name: string) => parseSeconds(text, name, 0),
  },
  readTimeout: {
    env: ['BAI_READ_TIMEOUT', 'BACKEND_READ_TIMEOUT'],
    fallback: '60',
    summary: 'seconds to wait for an answer of the manager, or for more of it; 0 is for ever',
    parse: (text: string, name: string) => parseSeconds(text, name, 0),
  },
  hostKeyChecking: {
    env: ['BAI_HOST_KEY_CHECKING'],
    fallback: 'ask',
    summary:
      'the first host key of a session whose platform does not vouch for it: `ask` (on a terminal), or `accept-new`; a key that changes is always refused',
    parse: parseHostKeyChecking,
  },
  acceptHostKey: {
    env: ['BAI_ACCEPT_HOST_KEY'],
    summary: 'the fingerprint (`SHA256:…`) of the one first host key that is accepted without a question',
    parse: parseFingerprint,
  },
  answerTimeout: {
    env: ['BAI_ANSWER_TIMEOUT'],
    fallback: '60',
    summary:
      'seconds to wait for an answer on the way into a session: of its SSH server, of a program that bai runs there, of your SSH agent; its file server has five times as long',
    parse: (text: string, name: string) => parseSeconds(text, name, 1),
  },
} as const satisfies Record<string, SettingDefinition>;

export type SettingName = keyof typeof settingDefinitions;

type Definition<N extends SettingName> = (typeof settingDefinitions)[N];
type ParsedSetting<N extends SettingName> = ReturnType<Definition<N>['parse']>;
/** Nothing only where there is no fallback. */
type SettingValue<N extends SettingName> =
  | ParsedSetting<N>
  | (Definition<N> extends { readonly fallback: string } ? never : undefined);

/** What a setting means, in the type that its definition gives it. */
export function settingValue<N extends SettingName>(settings: Settings, name: N): SettingValue<N> {
  const { value } = settings[name];
  // The compiler does not see that the parser of a name gives the type of that name.
  return (value === undefined ? undefined : definitionOf(name).parse(value, name)) as SettingValue<N>;
}

export const settingNames: readonly SettingName[] = Object.keys(settingDefinitions).filter(isSettingName);

export interface Setting {
  readonly value: string | undefined;
  /** Where it came from, for people: `--endpoint`, `BACKEND_ENDPOINT`, `profile "default"`, `default`. */
  readonly origin: string;
  /** Of a secret that is kept in the keyring: it has no value before it is used. */
  readonly keyringItem?: string;
}

export function isSet({ value, keyringItem }: Setting): boolean {
  return value !== undefined || keyringItem !== undefined;
}

export type Settings = Readonly<Record<SettingName, Setting>>;

export type SettingValues = Readonly<Partial<Record<SettingName, string>>>;

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settingDefinitions, name);
}

export function definitionOf(name: SettingName): SettingDefinition {
  return settingDefinitions[name];
}

/** Throws a UsageError that names `origin` when `value` cannot be this setting's. */
export function checkSetting(name: SettingName, value: string, origin: string): void {
  const where = origin === name ? name : `${name} (from ${origin})`;
  const problem = value.trim() === '' ? 'is empty' : controlCharacterProblem(value);
  // The value is not repeated: it may be a secret.
  if (problem !== undefined) throw new UsageError(`${where} ${problem}`, { hint: copyAgain });
  definitionOf(name).parse(value, where);
}

/** The origin of what was typed. */
export const commandLine = 'the command line';

/** The origin of what `bai local up` has started. */
export const localManager = 'the local manager';

export function originOfProfile(name: string): string {
  return `profile "${name}"`;
}

/** In place of a file of the user's own: the keys of the SSH agent. A file of that name is `./agent`. */
export const agentIdentity = 'agent';

/** Whether the value is a path, which is stored whole: in another folder a relative one would mean something else. */
export function isPath(name: SettingName, value: string): boolean {
  return definitionOf(name).path === true && value !== agentIdentity;
}
