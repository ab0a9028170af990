/** What every command gets: the process's streams, the global flags, and services' needs, built when asked for. */

import type { Reporter } from './core/reporter.ts';
import type { Settings, SettingValues } from './core/settings.ts';
import type { AccountKeyDeps } from './services/account-key-deps.ts';
import type { AuthorizeDeps } from './services/authorize-key.ts';
import type { ClientDeps } from './services/client-help.ts';
import type { ConfigureDeps } from './services/configure.ts';
import type { ConnectSshDeps } from './services/connect-ssh.ts';
import type { ExecDeps } from './services/exec-command.ts';
import type { HostKeyDeps } from './services/host-keys.ts';
import type { KeyDeps } from './services/key-deps.ts';
import type { LocalManagerDeps } from './services/local-manager.ts';
import type { OpenDeps } from './services/open-program.ts';
import type { PruneDeps } from './services/prune-keys.ts';
import type { ServeLocalDeps } from './services/serve-local.ts';
import type { SessionDeps } from './services/session-deps.ts';
import type { SftpDeps } from './services/sftp-deps.ts';
import type { SpeedTestDeps } from './services/sftp-speedtest.ts';
import type { SshConfigDeps } from './services/ssh-config.ts';
import type { SshStdioDeps } from './services/ssh-stdio.ts';

/** Flags that every command takes. */
export interface GlobalFlags {
  readonly json: boolean;
  /** With `json`: progress too. */
  readonly events: boolean;
  readonly quiet: boolean;
  /** False after --no-color; undefined leaves it to the terminal. */
  readonly color: boolean | undefined;
  readonly profile: string | undefined;
  readonly environmentFile: string | undefined;
  readonly settings: SettingValues;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The process, as `cli.ts` hands it over. Nothing below reads `process` for these. */
export interface ProcessFacts {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly environment: Environment;
  readonly version: string;
  /** Aborted by Ctrl-C, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
  readonly leaveInterruptsToChild: () => Disposable;
}

export interface Context {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted by Ctrl-C, SIGTERM and SIGHUP; every wait of bai ends with it. */
  readonly signal: AbortSignal;
  readonly version: string;
  /** Made from the global flags, so it is there once a command's action runs. */
  readonly reporter: Reporter;
  readonly hasReporter: boolean;
  readonly environment: Environment;
  /** The exit status when no error is thrown; `app ssh` sets that of ssh. */
  exitCode: number;
  /** Called once, when the command line is parsed and before the action runs. */
  useFlags(flags: GlobalFlags): void;
  /** Settings that a command's own options override, such as `--user`. */
  overrideSettings(values: SettingValues): void;
  /** Of a path on this machine that the user wrote: every option and argument that is one goes through this. */
  wholePath(path: string): Promise<string>;
  settings(): Promise<Settings>;
  sessions(): Promise<SessionDeps>;
  apps(): Promise<ConnectSshDeps>;
  clients(): Promise<ClientDeps>;
  exec(): Promise<ExecDeps>;
  sshStdio(): Promise<SshStdioDeps>;
  sshConfig(): Promise<SshConfigDeps>;
  open(): Promise<OpenDeps>;
  sftp(): Promise<SftpDeps>;
  speedTest(): Promise<SpeedTestDeps>;
  hostKeys(): Promise<HostKeyDeps>;
  keys(): Promise<KeyDeps>;
  accountKey(): Promise<AccountKeyDeps>;
  authorize(): Promise<AuthorizeDeps>;
  pruneKeys(): Promise<PruneDeps>;
  configuration(): Promise<ConfigureDeps>;
  localManager(): Promise<LocalManagerDeps>;
  serveLocal(): Promise<Omit<ServeLocalDeps, 'signal'>>;
  /** Closes what was opened: kept connections would keep the process alive. */
  close(): Promise<void>;
}
