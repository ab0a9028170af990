/** Every setting of bai, where its value may come from, and which source wins. */

import { UsageError } from '../../errors.ts';
import { parseJumpHosts } from '../ssh/jump-hosts.ts';
import { parsePort } from '../ssh/port-range.ts';
import { controlCharacterProblem } from '../text/text-check.ts';
import {
  type Account,
  pickAccount,
  type SettingPlace,
  valuesPlace,
  variablesPlace,
} from './setting-places.ts';

export interface SettingDefinition {
  /** Environment variables, the winner first. `BACKEND_*` are those of the Python client. */
  readonly env: readonly string[];
  /** Never shown, never taken from the command line. */
  readonly secret?: true;
  /** A file or folder of this machine. */
  readonly path?: true;
  readonly fallback?: string;
  readonly summary: string;
  /** Throws a UsageError when the text is no value of this setting; `name` says where it was written. */
  readonly check?: (text: string, name: string) => void;
}

/** What managers call the account of a session. */
export const usualAccount = 'work';

export const settingDefinitions = {
  endpoint: {
    env: ['BAI_ENDPOINT', 'BACKEND_ENDPOINT'],
    summary: "the manager's address; several, separated by commas, are tried in turn",
    check: checkEndpoints,
  },
  endpointType: {
    env: ['BAI_ENDPOINT_TYPE', 'BACKEND_ENDPOINT_TYPE'],
    fallback: 'api',
    summary: '`api`: requests are signed with a keypair',
    check: checkEndpointType,
  },
  accessKey: {
    env: ['BAI_ACCESS_KEY', 'BACKEND_ACCESS_KEY'],
    summary: "the keypair's access key",
    check: checkHeaderText,
  },
  secretKey: {
    env: ['BAI_SECRET_KEY', 'BACKEND_SECRET_KEY'],
    secret: true,
    summary: "the keypair's secret key",
    check: checkHeaderText,
  },
  domain: {
    env: ['BAI_DOMAIN', 'BACKEND_DOMAIN'],
    fallback: 'default',
    summary: 'the domain of the account',
    check: checkHeaderText,
  },
  project: {
    env: ['BAI_PROJECT', 'BACKEND_GROUP'],
    fallback: 'default',
    summary: 'the project (group) new sessions belong to',
  },
  mounts: {
    env: ['BAI_MOUNTS', 'BACKEND_VFOLDER_MOUNTS'],
    summary: 'virtual folders mounted into every new session, separated by commas',
  },
  sshPort: {
    env: ['BAI_SSH_PORT'],
    summary: 'the preferred local port of forwarders',
    check: (text, name) => void parsePort(text, name),
  },
  proxyJump: {
    env: ['BAI_PROXY_JUMP'],
    summary: 'ssh hosts that stand before the manager, [user@]host[:port], separated by commas',
    check: (text, name) => void parseJumpHosts(text, name),
  },
  user: {
    env: ['BAI_USER'],
    fallback: usualAccount,
    summary: 'the account inside sessions',
    check: checkUser,
  },
  identity: {
    env: ['BAI_IDENTITY'],
    path: true,
    summary: 'a private key of your own, or `agent` for the keys of the SSH agent, in place of id_container',
  },
  keyStore: {
    env: ['BAI_KEY_STORE'],
    fallback: 'file',
    summary:
      "where a session's key is kept: `file` (in sshDir), `agent` (the SSH agent) or `memory` (of bai)",
    check: checkKeyStore,
  },
  keyLifetime: {
    env: ['BAI_KEY_LIFETIME'],
    fallback: '1h',
    summary: 'how long the SSH agent keeps a key that keyStore `agent` gave it, such as `90m` or `8h`',
    check: checkLifetime,
  },
  sshDir: { env: ['BAI_SSH_DIR'], path: true, summary: 'the folder of SSH keys; ~/.ssh when not set' },
  skipTlsVerify: {
    env: ['BAI_SKIP_TLS_VERIFY', 'BACKEND_SKIP_SSLCERT_VALIDATION'],
    fallback: 'no',
    summary:
      'accept any TLS certificate of the manager (dangerous: anyone in between can read and change everything)',
    check: checkFlag,
  },
  connectTimeout: {
    env: ['BAI_CONNECT_TIMEOUT', 'BACKEND_CONNECTION_TIMEOUT'],
    fallback: '10',
    summary: 'seconds to wait for a connection to the manager',
    check: (text, name) => checkNumber(text, name, 0, 86_400),
  },
  readTimeout: {
    env: ['BAI_READ_TIMEOUT', 'BACKEND_READ_TIMEOUT'],
    fallback: '60',
    summary: 'seconds to wait for an answer of the manager, or for more of it; 0 is for ever',
    check: (text, name) => checkNumber(text, name, 0, 86_400),
  },
  hostKeyChecking: {
    env: ['BAI_HOST_KEY_CHECKING'],
    fallback: 'ask',
    summary:
      'the first host key of a session whose platform does not vouch for it: `ask` (on a terminal), or `accept-new`; a key that changes is always refused',
    check: checkHostKeyChecking,
  },
  acceptHostKey: {
    env: ['BAI_ACCEPT_HOST_KEY'],
    summary: 'the fingerprint (`SHA256:…`) of the one first host key that is accepted without a question',
    check: checkFingerprint,
  },
  answerTimeout: {
    env: ['BAI_ANSWER_TIMEOUT'],
    fallback: '60',
    summary:
      'seconds to wait for an answer on the way into a session: of its SSH server, of a program that bai runs there, of your SSH agent; its file server has five times as long',
    check: (text, name) => checkNumber(text, name, 1, 86_400),
  },
} as const satisfies Record<string, SettingDefinition>;

export type SettingName = keyof typeof settingDefinitions;

export const settingNames: readonly SettingName[] = Object.keys(settingDefinitions).filter(isSettingName);

export interface Setting {
  readonly value: string | undefined;
  /** Where it came from, for people: `--endpoint`, `BACKEND_ENDPOINT`, `profile "default"`, `default`. */
  readonly origin: string;
}

export type Settings = Readonly<Record<SettingName, Setting>>;

export type SettingValues = Readonly<Partial<Record<SettingName, string>>>;

/** Where values may come from, as read from the machine. */
export interface SettingSources {
  readonly flags: SettingValues;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of `--env-file`; the real environment wins over it. */
  readonly environmentFile?: {
    readonly path: string;
    readonly values: Readonly<Record<string, string | undefined>>;
  };
  readonly profile: {
    readonly name: string;
    readonly values: SettingValues;
    /** On the command line: it then goes before the environment. */
    readonly isNamed?: boolean;
  };
  /** Of the manager that `bai local up` started, when one runs. */
  readonly local: SettingValues;
}

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settingDefinitions, name);
}

export function definitionOf(name: SettingName): SettingDefinition {
  return settingDefinitions[name];
}

/**
 * Flags > named profile > environment > --env-file > profile > local manager > default, but endpoint and keys from one place
 * together. Checks every value it picks.
 */
export function resolveSettings(sources: SettingSources): Settings {
  const { flags, others, local } = placesOf(sources);
  const account = pickAccount(flags, [...others, local]);
  const entries = settingNames.map((name) => {
    const setting = resolveOne(name, [flags, ...others], account);
    if (setting.value !== undefined) checkSetting(name, setting.value, setting.origin);
    return [name, setting];
  });
  return Object.fromEntries(entries);
}

/** Throws a UsageError that names `origin` when `value` cannot be this setting's. */
export function checkSetting(name: SettingName, value: string, origin: string): void {
  const where = origin === name ? name : `${name} (from ${origin})`;
  const problem = value.trim() === '' ? 'is empty' : controlCharacterProblem(value);
  // The value is not repeated: it may be a secret.
  if (problem !== undefined) throw new UsageError(`${where} ${problem}`, { hint: copyAgain });
  definitionOf(name).check?.(value, where);
}

/** The origin of what was typed. */
export const commandLine = 'the command line';

/** From the first to the last but one; the local manager has nothing but an account. */
function placesOf(sources: SettingSources): {
  readonly flags: SettingPlace;
  readonly others: readonly SettingPlace[];
  readonly local: SettingPlace;
} {
  const { environment, environmentFile: file, profile } = sources;
  const variablesOf = (name: SettingName): readonly string[] => definitionOf(name).env;
  const real = variablesPlace(environment, { isNamed: false, variablesOf, originOf: (name) => name });
  const originOf = (name: string): string => `${name} in ${file?.path}`;
  const given = variablesPlace(file?.values ?? {}, { isNamed: true, variablesOf, originOf });
  const isNamed = profile.isNamed === true;
  const stored = valuesPlace(profile.values, `profile "${profile.name}"`, isNamed);
  return {
    flags: valuesPlace(sources.flags, commandLine, true),
    others: isNamed ? [stored, real, given] : [real, given, stored],
    local: { ...valuesPlace(sources.local, 'the local manager', false), isImplicit: true },
  };
}

function resolveOne(name: SettingName, places: readonly SettingPlace[], account: Account): Setting {
  if (name === 'endpoint' || name === 'accessKey' || name === 'secretKey') return account.settings[name];
  // The kind of an endpoint belongs to it; without an account any place may say it.
  const belongs = name === 'endpointType' && account.place !== undefined;
  const asked = belongs ? [...places.slice(0, 1), account.place] : places;
  const found = asked.map((place) => place.get(name)).find((setting) => setting !== undefined);
  const { fallback } = definitionOf(name);
  return found ?? { value: fallback, origin: fallback === undefined ? 'not set' : 'default' };
}

/** What `y`, `yes`, `t`, `true`, `1` and `on` mean to the Python client as well. */
export function isYes(text: string | undefined): boolean {
  return /^(y|yes|t|true|1|on)$/i.test(text ?? '');
}

function checkFlag(text: string, name: string): void {
  if (!/^(y|yes|t|true|1|on|n|no|f|false|0|off)$/i.test(text)) {
    throw new UsageError(`${name} must be yes or no, not "${text}"`);
  }
}

function checkNumber(text: string, name: string, lowest: number, highest: number): void {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= lowest && value <= highest)) {
    throw new UsageError(`${name} must be a number from ${lowest} to ${highest}, not "${text}"`);
  }
}

function checkUser(text: string, name: string): void {
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(text)) {
    throw new UsageError(
      `${name} must be an account name of letters, digits, ".", "_" and "-", not "${text}"`,
    );
  }
}

function checkEndpointType(text: string, name: string): void {
  if (text !== 'api') {
    throw new UsageError(`${name} is "${text}", but bai speaks only to the manager's API so far`, {
      hint: 'set it to `api`, the endpoint to the manager itself, and use a keypair',
    });
  }
}

/** In place of a file of the user's own: the keys of the SSH agent. A file of that name is `./agent`. */
export const agentIdentity = 'agent';

/** Whether the value is a path, which is stored whole: in another folder a relative one would mean something else. */
export function isPath(name: SettingName, value: string): boolean {
  return definitionOf(name).path === true && value !== agentIdentity;
}

export const keyStores = ['file', 'agent', 'memory'] as const;
export type KeyStore = (typeof keyStores)[number];

export function isKeyStore(text: string | undefined): text is KeyStore {
  return keyStores.some((store) => store === text);
}

export const hostKeyCheckings = ['ask', 'accept-new'] as const;
export type HostKeyChecking = (typeof hostKeyCheckings)[number];

export function isHostKeyChecking(text: string | undefined): text is HostKeyChecking {
  return hostKeyCheckings.some((each) => each === text);
}

function checkHostKeyChecking(text: string, name: string): void {
  if (isHostKeyChecking(text)) return;
  throw new UsageError(`${name} is one of ${hostKeyCheckings.join(', ')}, not "${text}"`);
}

function checkFingerprint(text: string, name: string): void {
  if (/^SHA256:[A-Za-z0-9+/]{43}$/.test(text)) return;
  throw new UsageError(`${name} is a fingerprint such as SHA256:…, not "${text}"`, {
    hint: '`ssh-keygen -lf` shows that of a host key, and so does the question at the first login',
  });
}

function checkKeyStore(text: string, name: string): void {
  if (isKeyStore(text)) return;
  throw new UsageError(`${name} is one of ${keyStores.join(', ')}, not "${text}"`);
}

/** As `ssh-add -t` has them. */
function checkLifetime(text: string, name: string): void {
  if (/^(\d{1,6}[smhdw]?)+$/.test(text) && /[1-9]/.test(text)) return;
  throw new UsageError(`${name} must be a time above 0 such as 90m, 8h or 1d, not "${text}"`);
}

const copyAgain = 'copy it again, without quotes and line ends';

/** Goes into a header or a signature; and what does not look like a key may be a secret in the wrong place, so it is not repeated. */
function checkHeaderText(text: string, name: string): void {
  if (!/^[\x21-\x7e]+$/.test(text)) {
    throw new UsageError(`${name} holds a space or a character that is not ASCII`, { hint: copyAgain });
  }
}

function checkEndpoints(text: string, name: string): void {
  for (const part of text.split(',')) {
    const url = URL.canParse(part.trim()) ? new URL(part.trim()) : undefined;
    if (url !== undefined && /^https?:$/.test(url.protocol) && !url.username && !url.password) continue;
    // The value is not repeated: it may hold a password, or be a key that stands in the wrong place.
    throw new UsageError(`${name} must be http:// or https:// addresses without a user name`, {
      hint: 'for example https://api.example.com; several are separated by commas',
    });
  }
}
