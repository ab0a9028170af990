/** What the services that go into a session work with, beside the way in. */

import type { Duplex } from 'node:stream';
import type { AccessOptions, SshAccess } from '../../core/session/provider.ts';
import type { SessionRef } from '../../core/session/session.ts';
import type { HostKeyChecking, KeyStore } from '../../core/settings/setting-parsers.ts';
import type { Forwarder } from '../../core/ssh/forwarder.ts';
import type { Forward } from '../../core/ssh/ssh-arguments.ts';
import type { PrivateKey } from '../../keys/private-key.ts';
import type { ForwarderOptions } from '../../proxy/forwarder.ts';
import type { AgentLogin } from '../../ssh/agent-keys.ts';
import type { SshConnectionOptions } from '../../ssh/connection.ts';
import type { KeyRing, LoginKey } from '../../ssh/login.ts';
import type { SshAnswer } from '../../ssh/openssh/ssh-settings.ts';
import type { NodeStreams } from '../../ssh/streams/node-streams.ts';
import type { SessionPorts } from '../../ssh/streams/session-ports.ts';
import type { KeySaving } from '../keys/save-key.ts';
import type { SessionTools } from '../session/session-tools.ts';
import type {
  Background,
  BackgroundStart,
  BackgroundWish,
  BuiltinConnection,
  FirstRun,
} from './ssh-programs.ts';

export interface SshTools extends SessionTools {
  readonly settings: SshSettings;
  readonly knownHosts: KnownHosts;
  readonly keys: LoginKeys;
  readonly client: SshClient;
  readonly system: SystemSsh;
  /** The provider's way in; or another one, where sessions are reached through a connection that stands. */
  access(session: SessionRef, options?: Omit<AccessOptions, 'signal'>): Promise<SshAccess>;
  startForwarder(options: ForwarderOptions): Promise<Forwarder>;
  /** What this process keeps the login in use for, where there is one: `bai logout` ends it, and says what it was. */
  holdLogin?(this: void, what: string): void;
}

export interface SshSettings {
  /** Nothing: the account that the way in names. */
  readonly user: string | undefined;
  /** Where the key that a session hands out goes. */
  readonly keyPath: string;
  /** A private key file of the user's own; then nothing is fetched. */
  readonly identity: string | undefined;
  /** The keys of the SSH agent are used; then nothing is fetched, and there is no `identity`. */
  readonly usesAgent: boolean;
  readonly keyStore: KeyStore;
  /** As `ssh-add -t` takes it. */
  readonly keyLifetime: string;
  readonly preferredPort: number | undefined;
  /** What becomes of a first host key that the platform does not vouch for. */
  readonly hostKeyChecking: HostKeyChecking;
  /** The fingerprint of the one that is accepted, `SHA256:…`. */
  readonly acceptedHostKey: string | undefined;
}

interface KnownHosts {
  readonly path: string;
  pinned(alias: string): Promise<readonly Uint8Array[]>;
  /** For people: its fingerprint (`SHA256:…`), and its type as ssh says it (`ED25519`). */
  describe(key: Uint8Array): { readonly fingerprint: string; readonly type: string };
  verify(
    alias: string,
    key: Uint8Array,
    place: Pick<SessionRef, 'name' | 'node'>,
  ): Promise<'known' | 'pinned'>;
}

/** Where keys to log in with come from. */
export interface LoginKeys extends KeySaving {
  /** The one that the session hands out; a NotFoundError `no-id-container` when it hands out none. */
  issued(session: SessionRef, signal: AbortSignal): Promise<PrivateKey>;
  /** Fingerprints of the keys in the session's authorized_keys. */
  authorized(session: SessionRef, signal: AbortSignal): Promise<readonly string[]>;
  /** Throws when a key file of the user's own is missing or is not a private key. */
  checkOwn(path: string): Promise<void>;
  /** The user's own key, read and checked; a passphrase is asked for where there is a terminal. */
  readOwn(path: string): Promise<LoginKey>;
  /** Whether a key file has a passphrase, or is of a kind that only the system's ssh knows. */
  isForSsh(path: string): Promise<boolean>;
  /** Nothing when no agent answers. */
  ofAgent(): Promise<AgentLogin | undefined>;
  /** The files that ssh offers by itself, as far as they can be read here. */
  usual(): Promise<Pick<KeyRing, 'files' | 'locked'>>;
  /** For a while, which the settings tell; nothing is written. */
  addToAgent(key: PrivateKey): Promise<void>;
}

export interface LoginRequest extends Omit<SshConnectionOptions, 'ciphers' | 'withLogin'> {
  /** Nothing goes along with the login: the server has refused it before. */
  readonly isStepwise: boolean;
}

export interface BuiltinRequest extends LoginRequest {
  /** What is run first over the connection, which goes along with the login where it can. */
  readonly first?: FirstRun | undefined;
}

interface PortsWish {
  /** Of the session; they lead to this machine. */
  readonly remotes: readonly Forward[];
  /** Hears of their connections that fail. */
  readonly say: (message: string) => void;
}

/** The client inside this process. */
export interface SshClient {
  open(request: BuiltinRequest): Promise<BuiltinConnection>;
  /** Logs in to the main node of a session of several. */
  openStreams(request: LoginRequest): Promise<NodeStreams>;
  /** Logs in for connections to ports of the session, and from ports of it to this machine. */
  openPorts(request: LoginRequest, ports: PortsWish): Promise<SessionPorts>;
  /** Logs in, hangs up, and returns the server's name for itself; rejects with a BaiError that says why it could not. */
  probe(request: LoginRequest): Promise<string | undefined>;
  /** Logs in and asks the file server for the home folder. */
  home(request: LoginRequest): Promise<string>;
  /** Learns a host key through a stream and hangs up. */
  fetchHostKey(stream: Duplex, session: string, signal: AbortSignal): Promise<Uint8Array>;
  /** Where this machine's SSH agent listens. */
  agent(): Promise<string | undefined>;
}

/** The system's ssh, and this process as the terminal and the shell have it. */
interface SystemSsh {
  isThere(): Promise<boolean>;
  run(args: readonly string[]): Promise<number>;
  /** What the user's own ssh configuration says, or another file; nothing where there is no ssh. */
  userSettings(file: string | undefined): Promise<SshAnswer | undefined>;
  readonly nullDevice: string;
  readonly platform: NodeJS.Platform;
  /** Whether stdin is a terminal. */
  readonly isTerminal: boolean;
  /** Where this process was started to go on in the background: told when it has come so far. */
  readonly background: Background | undefined;
  /** Starts this very command in the background; returns when it has come so far, or has failed. */
  startInBackground(wish: BackgroundWish): Promise<BackgroundStart>;
  /** While ssh has the terminal, Ctrl-C is for what runs inside it. */
  readonly leaveInterruptsToChild: () => Disposable;
}
