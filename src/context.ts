/** What every command gets: the process's streams, the global flags, and services' needs, built when asked for. */

import type { ChildStdio, LocalInput, LocalOutput } from './core/local-streams.ts';
import type { Reporter } from './core/reporter.ts';
import type { Provider, ProviderFacts } from './core/session/provider.ts';
import type { Settings, SettingValues } from './core/settings/settings.ts';
import type { CompletionTools } from './services/completion/complete.ts';
import type { ConfigureTools } from './services/configure.ts';
import type { DoctorTools } from './services/doctor/doctor-tools.ts';
import type { ForwardsTools } from './services/forward/forward-store.ts';
import type { ForwardTools } from './services/forward/forward-tools.ts';
import type { AccountKeyTools } from './services/keys/account-key-tools.ts';
import type { AuthorizeTools } from './services/keys/authorize-key.ts';
import type { KeyTools } from './services/keys/key-tools.ts';
import type { PruneTools } from './services/keys/prune-keys.ts';
import type { LocalManagerTools } from './services/local/local-manager.ts';
import type { ServeLocalTools } from './services/local/serve-local.ts';
import type { ProfileTools } from './services/profiles/profile-tools.ts';
import type { AskingTools, SessionTools } from './services/session/session-tools.ts';
import type { SpeedTestTools } from './services/sftp/sftp-speedtest.ts';
import type { SftpTools } from './services/sftp/sftp-tools.ts';
import type { SignInTools } from './services/sign-in/sign-in-tools.ts';
import type { ClientTools } from './services/ssh/client-help.ts';
import type { ExecTools } from './services/ssh/exec-command.ts';
import type { HostKeyTools } from './services/ssh/host-keys.ts';
import type { OpenTools } from './services/ssh/open-program.ts';
import type { SshConfigTools } from './services/ssh/ssh-config.ts';
import type { Background } from './services/ssh/ssh-programs.ts';
import type { SshStdioTools } from './services/ssh/ssh-stdio.ts';
import type { SshTools } from './services/ssh/ssh-tools.ts';

/** Flags that every command takes. */
export interface GlobalFlags {
  readonly json: boolean;
  /** With `json`: progress too. */
  readonly events: boolean;
  readonly quiet: boolean;
  /** As --template says. */
  readonly template?: string | undefined;
  /** `-q` of a list. */
  readonly ids?: boolean;
  /** As --color and --no-color say; undefined leaves it to the terminal. */
  readonly color: boolean | undefined;
  /** What goes on is told as well. */
  readonly verbose?: boolean;
  readonly profile: string | undefined;
  readonly environmentFile: string | undefined;
  readonly settings: SettingValues;
  /** The profile need not be there yet. */
  readonly mayBeNew?: boolean;
  /** The command that was typed, without other names of it, such as `sftp put`. */
  readonly command?: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The process, as `cli.ts` hands it over. Nothing below reads `process` for these. */
export interface ProcessFacts {
  readonly stdin: LocalInput;
  readonly stdout: LocalOutput;
  readonly stderr: LocalOutput;
  /** For a program that gets these streams. */
  readonly stdioForChild: () => ChildStdio;
  readonly environment: Environment;
  readonly version: string;
  /** Aborted by Ctrl-C, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
  readonly leaveInterruptsToChild: () => Disposable;
  /** After a signal nobody ends the process by force while somebody holds this. */
  readonly takeTimeToEnd: () => Disposable;
  /** Where this process was started to go on in the background: told when it has come so far. */
  readonly background?: Background | undefined;
}

export interface Context {
  readonly stdin: LocalInput;
  readonly stdout: LocalOutput;
  readonly stderr: LocalOutput;
  /** Aborted by Ctrl-C, SIGTERM and SIGHUP; every wait of bai ends with it. */
  readonly signal: AbortSignal;
  readonly version: string;
  /** Made from the global flags, so it is there once a command's action runs. */
  readonly reporter: Reporter;
  readonly hasReporter: boolean;
  /** From now on what goes on is told, where that is asked for. */
  startLog(): Promise<void>;
  /** Called once, before anything is told. */
  useReporter(reporter: Reporter): void;
  /** From now on the environment says so where the profile does: before the reporter is made of it. */
  heedAccessible(): Promise<void>;
  readonly environment: Environment;
  /** The exit status when no error is thrown; `app ssh` sets that of ssh. */
  exitCode: number;
  /** Called once, when the command line is parsed and before the action runs. */
  useFlags(flags: GlobalFlags): void;
  /** Settings that a command's own options override, such as `--user`. */
  overrideSettings(values: SettingValues): void;
  /** The profile that is meant need not be there yet. */
  allowNewProfile(): void;
  /** From now on sessions are those of this access key, which is for administrators. */
  actFor(owner: string): void;
  /** Of a path on this machine that the user wrote: every option and argument that is one goes through this. */
  wholePath(path: string): Promise<string>;
  /** All of a file that the user names: see `files/named-file.ts`. */
  readNamedFile(
    path: string,
    limit: { readonly mostBytes: number; readonly thing: string },
  ): Promise<Uint8Array>;
  /** Without the secrets that are elsewhere than in the profile's file: those are read when the platform is opened. */
  settings(): Promise<Settings>;
  /** The name of the one that is meant. */
  profile(): Promise<string>;
  /** Where its account is used and others could be meant: a line for people. */
  tellProfile(): Promise<void>;
  /** A failure to sign in says whose account it was, where there are several. */
  inProfile(error: unknown): Promise<unknown>;
  /** Unless another one is typed: where it is known without being said. */
  assumeProfile(name: string): void;
  /** The platform that the settings name, opened once. */
  provider(): Promise<Provider>;
  /** What the services of one kind work with, built when it is asked for. */
  tools<N extends keyof ToolKinds>(kind: N): Promise<ToolKinds[N]>;
  /** Closes what was opened: kept connections would keep the process alive. */
  close(): Promise<void>;
}

/** What services of each kind work with; `wiring/tools.ts` builds them. */
export interface ToolKinds {
  readonly sessions: SessionTools;
  /** Nothing where nobody can be asked. */
  readonly asking: AskingTools | undefined;
  readonly ssh: SshTools;
  readonly clients: ClientTools;
  readonly forward: ForwardTools;
  readonly forwards: ForwardsTools;
  readonly exec: ExecTools;
  readonly sshStdio: SshStdioTools;
  readonly sshConfig: SshConfigTools;
  readonly open: OpenTools;
  readonly completion: CompletionTools;
  readonly sftp: SftpTools;
  readonly speedTest: SpeedTestTools;
  readonly hostKeys: HostKeyTools;
  readonly keys: KeyTools;
  readonly accountKey: AccountKeyTools;
  readonly authorize: AuthorizeTools;
  readonly pruneKeys: PruneTools;
  readonly configuration: ConfigureTools;
  readonly profiles: ProfileTools;
  readonly doctor: DoctorTools;
  readonly signIn: SignInTools;
  readonly providers: readonly ProviderFacts[];
  readonly localManager: LocalManagerTools;
  readonly serveLocal: Omit<ServeLocalTools, 'signal'>;
}
