/** The composition root: each need is built out of the edges once, when a command asks for it. */

import type { Context, Environment, GlobalFlags, ProcessFacts } from '../context.ts';
import type { Reporter } from '../core/reporter.ts';
import type { Settings, SettingValues } from '../core/settings.ts';
import type { Network } from '../manager/network.ts';
import type { ManagerAccess } from './manager.ts';

/** `reporter` exists after `useFlags`. Edges are imported when they are first needed: start-up pays for none. */
export function createContext(facts: ProcessFacts): Context & { reporter: Reporter } {
  return new LazyContext(facts);
}

class LazyContext implements Context {
  readonly #facts: ProcessFacts;
  #flags: GlobalFlags = noFlags;
  #overrides: SettingValues = {};
  #settings: Promise<Settings> | undefined;
  #reporter: Reporter | undefined;
  #manager: Promise<ManagerAccess> | undefined;
  #network: Network | undefined;
  exitCode = 0;

  constructor(facts: ProcessFacts) {
    this.#facts = facts;
  }

  get stdin(): NodeJS.ReadStream {
    return this.#facts.stdin;
  }

  get stdout(): NodeJS.WriteStream {
    return this.#facts.stdout;
  }

  get stderr(): NodeJS.WriteStream {
    return this.#facts.stderr;
  }

  get signal(): AbortSignal {
    return this.#facts.signal;
  }

  get version(): string {
    return this.#facts.version;
  }

  get reporter(): Reporter {
    if (this.#reporter === undefined) throw new Error('the reporter is made from the flags');
    return this.#reporter;
  }

  get hasReporter(): boolean {
    return this.#reporter !== undefined;
  }

  get environment(): Environment {
    return this.#facts.environment;
  }

  /** Asynchronous work is not possible in a getter, so `main` prepares the reporter. */
  set reporter(reporter: Reporter) {
    this.#reporter = reporter;
  }

  useFlags(flags: GlobalFlags): void {
    this.#flags = flags;
    this.#settings = undefined;
  }

  overrideSettings(values: SettingValues): void {
    this.#overrides = { ...this.#overrides, ...values };
    this.#settings = undefined;
  }

  async wholePath(path: string): Promise<string> {
    return (await import('../files/user-path.ts')).wholePath(path);
  }

  settings(): Promise<Settings> {
    this.#settings ??= this.#loadSettings();
    return this.#settings;
  }

  manager(): Promise<ManagerAccess> {
    this.#manager ??= this.#connectManager();
    return this.#manager;
  }

  async sessions(): ReturnType<Context['sessions']> {
    const { api } = await this.manager();
    return { api, reporter: this.reporter, signal: this.signal };
  }

  async apps(): ReturnType<Context['apps']> {
    const { appDeps } = await import('./apps.ts');
    return appDeps(await this.#parts());
  }

  async clients(): ReturnType<Context['clients']> {
    const { clientDeps } = await import('./clients.ts');
    return clientDeps(await this.#parts());
  }

  async exec(): ReturnType<Context['exec']> {
    const { execDeps } = await import('./apps.ts');
    return execDeps(await this.#parts(), this.#flags.color);
  }

  async sshStdio(): ReturnType<Context['sshStdio']> {
    const { sshStdioDeps } = await import('./ssh-stdio.ts');
    return sshStdioDeps(await this.#parts(), this.#facts);
  }

  async sshConfig(): ReturnType<Context['sshConfig']> {
    const { sshConfigDeps } = await import('./ssh-config.ts');
    // Not its parts: what is taken away may be of a manager that is gone.
    return sshConfigDeps(this, this.#flags);
  }

  async open(): ReturnType<Context['open']> {
    const { openDeps } = await import('./open.ts');
    return openDeps(await this.#parts(), await this.sshConfig());
  }

  async sftp(): ReturnType<Context['sftp']> {
    const { sftpDeps } = await import('./apps.ts');
    return sftpDeps(await this.#parts());
  }

  async speedTest(): ReturnType<Context['speedTest']> {
    const { speedTestDeps } = await import('./apps.ts');
    return speedTestDeps(await this.#parts());
  }

  async hostKeys(): ReturnType<Context['hostKeys']> {
    const { hostKeyDeps } = await import('./apps.ts');
    return hostKeyDeps(await this.#parts());
  }

  async keys(): ReturnType<Context['keys']> {
    const { keyDeps } = await import('./keys.ts');
    const parts = { settings: await this.settings(), reporter: this.reporter, manager: () => this.manager() };
    return keyDeps(parts, this.#facts);
  }

  async accountKey(): ReturnType<Context['accountKey']> {
    const { accountKeyDeps } = await import('./account-key.ts');
    return accountKeyDeps(await this.#parts());
  }

  async authorize(): ReturnType<Context['authorize']> {
    const { authorizeDeps } = await import('./authorize.ts');
    return authorizeDeps(await this.#parts());
  }

  async pruneKeys(): ReturnType<Context['pruneKeys']> {
    const { pruneDeps } = await import('./apps.ts');
    return pruneDeps(await this.#parts());
  }

  async configuration(): ReturnType<Context['configuration']> {
    const { configureDeps } = await import('./settings.ts');
    return configureDeps(this, this.#flags, this.#facts.environment);
  }

  async localManager(): ReturnType<Context['localManager']> {
    const { localManagerDeps } = await import('./local.ts');
    return localManagerDeps(this, this.#facts.environment);
  }

  async serveLocal(): ReturnType<Context['serveLocal']> {
    const { serveLocalDeps } = await import('./local.ts');
    return serveLocalDeps(this.#facts.environment);
  }

  async close(): Promise<void> {
    this.#network?.close();
  }

  async #loadSettings(): Promise<Settings> {
    const { loadSettings } = await import('./settings.ts');
    const flags = { ...this.#flags, settings: { ...this.#flags.settings, ...this.#overrides } };
    return loadSettings(flags, this.#facts.environment, this.reporter);
  }

  async #connectManager(): Promise<ManagerAccess> {
    const { openManager } = await import('./manager.ts');
    const access = openManager(await this.settings(), this.version, this.reporter);
    this.#network = access.network;
    return access;
  }

  async #parts(): Promise<import('./apps.ts').AppParts> {
    const { stdin, stdout, stderr, environment, leaveInterruptsToChild } = this.#facts;
    const [settings, manager] = await Promise.all([this.settings(), this.manager()]);
    return {
      settings,
      manager,
      environment,
      reporter: this.reporter,
      signal: this.signal,
      leaveInterruptsToChild,
      streams: { stdin, stdout, stderr },
    };
  }
}

const noFlags: GlobalFlags = {
  json: false,
  events: false,
  quiet: false,
  color: undefined,
  profile: undefined,
  environmentFile: undefined,
  settings: {},
};
