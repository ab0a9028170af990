/** The composition root: each need is built out of the edges once, when a command asks for it. */

import type { Context, Environment, GlobalFlags, ProcessFacts } from '../context.ts';
import type { LocalInput, LocalOutput } from '../core/local-streams.ts';
import type { Reporter } from '../core/reporter.ts';
import type { Settings, SettingValues } from '../core/settings/settings.ts';
import type { NamedFileLimit } from '../files/named-file.ts';
import type { Network } from '../net/network.ts';
import type { ManagerAccess } from './manager.ts';
import type { UserSsh } from './user-ssh.ts';

/** `reporter` exists after `useFlags`. Edges are imported when they are first needed: start-up pays for none. */
export function createContext(facts: ProcessFacts): Context & { reporter: Reporter } {
  return new LazyContext(facts);
}

class LazyContext implements Context {
  readonly #facts: ProcessFacts;
  #flags: GlobalFlags = noFlags;
  #overrides: SettingValues = {};
  #fileValues: Promise<Environment> | undefined;
  #settings: Promise<Settings> | undefined;
  #reporter: Reporter | undefined;
  #manager: Promise<ManagerAccess> | undefined;
  #network: Network | undefined;
  #owner: string | undefined;
  #userSsh: UserSsh | undefined;
  exitCode = 0;

  constructor(facts: ProcessFacts) {
    this.#facts = facts;
  }

  get stdin(): LocalInput {
    return this.#facts.stdin;
  }

  get stdout(): LocalOutput {
    return this.#facts.stdout;
  }

  get stderr(): LocalOutput {
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
    this.#fileValues = undefined;
    this.#flags = flags;
    this.#settings = undefined;
  }

  overrideSettings(values: SettingValues): void {
    this.#overrides = { ...this.#overrides, ...values };
    this.#settings = undefined;
  }

  actFor(owner: string): void {
    this.#owner = owner;
  }

  async wholePath(path: string): Promise<string> {
    return (await import('../files/user-path.ts')).wholePath(path);
  }

  async readNamedFile(path: string, limit: Omit<NamedFileLimit, 'signal'>): Promise<Uint8Array> {
    const { readNamedFile } = await import('../files/named-file.ts');
    return readNamedFile(await this.wholePath(path), { ...limit, signal: this.signal });
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
    const { reporter, signal, stdin, stderr } = this;
    const canAsk = stdin.isTTY === true && reporter.interactive;
    const ask = async (question: string): Promise<boolean> => {
      const { askYesOrNo } = await import('../config/yes-or-no.ts');
      return askYesOrNo(question, { stdin, stderr, signal }, 'no');
    };
    return { api, reporter, signal, owner: this.#owner, ...(canAsk && { ask }) };
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
    // ssh has started bai, and shows what it prints as it comes.
    this.reporter.withoutSpinner();
    return sshStdioDeps(await this.#parts(), this.#facts);
  }

  async sshConfig(): ReturnType<Context['sshConfig']> {
    const { sshConfigDeps } = await import('./ssh-config.ts');
    // Not its parts: what is taken away may be of a manager that is gone.
    return sshConfigDeps(this, this.#flags, await this.#openUserSsh());
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
    const [settings, userSsh] = await Promise.all([this.settings(), this.#openUserSsh()]);
    return keyDeps(
      { settings, userSsh, reporter: this.reporter, manager: () => this.manager() },
      this.#facts,
    );
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
    return serveLocalDeps(this.#facts);
  }

  async close(): Promise<void> {
    await this.#network?.close();
  }

  async #loadSettings(): Promise<Settings> {
    const { loadSettings } = await import('./settings.ts');
    const flags = { ...this.#flags, settings: { ...this.#flags.settings, ...this.#overrides } };
    const environmentFile = await this.#environmentFile();
    return loadSettings(flags, { environment: this.environment, environmentFile }, this.reporter);
  }

  /** Read once: it may be a pipe. */
  #environmentFile(): Promise<Environment> {
    this.#fileValues ??= this.#readEnvironmentFile();
    return this.#fileValues;
  }

  async #readEnvironmentFile(): Promise<Environment> {
    const path = this.#flags.environmentFile;
    if (path === undefined) return {};
    const { readEnvironmentFile } = await import('../config/env-file.ts');
    return readEnvironmentFile(await this.wholePath(path), this.signal);
  }

  async #connectManager(): Promise<ManagerAccess> {
    const [{ openManager }, { localDial }] = await Promise.all([
      import('./manager.ts'),
      import('./local-dial.ts'),
    ]);
    const { version, reporter } = this;
    const settings = await this.settings();
    const environment = { ...(await this.#environmentFile()), ...this.environment };
    const dial = await localDial(settings, this.environment);
    const access = openManager(settings, { version, reporter, environment, dial, owner: this.#owner });
    this.#network = access.network;
    // ssh asks on the terminal what a jump host wants to know, with each connection.
    if (settings.proxyJump.value !== undefined) reporter.withoutSpinner();
    return access;
  }

  async #openUserSsh(): Promise<UserSsh> {
    const { openUserSsh } = await import('./user-ssh.ts');
    this.#userSsh ??= openUserSsh(this.#facts);
    return this.#userSsh;
  }

  async #parts(): Promise<import('./apps.ts').AppParts> {
    const { environment, leaveInterruptsToChild } = this.#facts;
    const [settings, manager] = await Promise.all([this.settings(), this.manager()]);
    return {
      settings,
      manager,
      environment,
      reporter: this.reporter,
      signal: this.signal,
      leaveInterruptsToChild,
      userSsh: await this.#openUserSsh(),
      streams: this.#facts,
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
