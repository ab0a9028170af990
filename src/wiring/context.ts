/** The composition root: each need is built out of the edges once, when a command asks for it. */

import type { Context, Environment, GlobalFlags, ProcessFacts } from '../context.ts';
import type { LocalInput, LocalOutput } from '../core/local-streams.ts';
import type { Reporter } from '../core/reporter.ts';
import type { Provider } from '../core/session/provider.ts';
import type { Settings, SettingValues } from '../core/settings/settings.ts';
import type { NamedFileLimit } from '../files/named-file.ts';
import type { OpenProvider } from './providers.ts';
import type { UserSsh } from './user-ssh.ts';

/** `reporter` exists after `useFlags`. Edges are imported when they are first needed: start-up pays for none. */
export function createContext(
  facts: ProcessFacts,
  openProvider: OpenProvider,
): Context & { reporter: Reporter } {
  return new LazyContext(facts, openProvider);
}

class LazyContext implements Context {
  readonly #facts: ProcessFacts;
  #flags: GlobalFlags = noFlags;
  #overrides: SettingValues = {};
  #fileValues: Promise<Environment> | undefined;
  #settings: Promise<Settings> | undefined;
  #reporter: Reporter | undefined;
  readonly #openProvider: OpenProvider;
  #provider: Promise<Provider> | undefined;
  #owner: string | undefined;
  #userSsh: UserSsh | undefined;
  exitCode = 0;

  constructor(facts: ProcessFacts, openProvider: OpenProvider) {
    this.#facts = facts;
    this.#openProvider = openProvider;
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

  provider(): Promise<Provider> {
    this.#provider ??= this.#open();
    return this.#provider;
  }

  async sessions(): ReturnType<Context['sessions']> {
    const provider = await this.provider();
    const { reporter, signal, stdin, stderr } = this;
    const canAsk = stdin.isTTY === true && reporter.interactive;
    const ask = async (question: string): Promise<boolean> => {
      const { askYesOrNo } = await import('../config/yes-or-no.ts');
      return askYesOrNo(question, { stdin, stderr, signal }, 'no');
    };
    return { provider, reporter, signal, owner: this.#owner, ...(canAsk && { ask }) };
  }

  async apps(): ReturnType<Context['apps']> {
    const { sshTools } = await import('./apps.ts');
    return sshTools(await this.#parts());
  }

  async clients(): ReturnType<Context['clients']> {
    const { clientTools } = await import('./clients.ts');
    return clientTools(await this.#parts());
  }

  async exec(): ReturnType<Context['exec']> {
    const { execTools } = await import('./apps.ts');
    return execTools(await this.#parts(), this.#flags.color);
  }

  async sshStdio(): ReturnType<Context['sshStdio']> {
    const { sshStdioTools } = await import('./ssh-stdio.ts');
    // ssh has started bai, and shows what it prints as it comes.
    this.reporter.withoutSpinner();
    return sshStdioTools(await this.#parts(), this.#facts);
  }

  async sshConfig(): ReturnType<Context['sshConfig']> {
    const { sshConfigTools } = await import('./ssh-config.ts');
    // Not its parts: what is taken away may be of a manager that is gone.
    return sshConfigTools(this, this.#flags, await this.#openUserSsh());
  }

  async open(): ReturnType<Context['open']> {
    const { openTools } = await import('./open.ts');
    return openTools(await this.#parts(), await this.sshConfig());
  }

  async sftp(): ReturnType<Context['sftp']> {
    const { sftpTools } = await import('./apps.ts');
    return sftpTools(await this.#parts());
  }

  async speedTest(): ReturnType<Context['speedTest']> {
    const { speedTestTools } = await import('./apps.ts');
    return speedTestTools(await this.#parts());
  }

  async hostKeys(): ReturnType<Context['hostKeys']> {
    const { hostKeyTools } = await import('./apps.ts');
    return hostKeyTools(await this.#parts());
  }

  async keys(): ReturnType<Context['keys']> {
    const { keyTools } = await import('./keys.ts');
    const [settings, userSsh] = await Promise.all([this.settings(), this.#openUserSsh()]);
    return keyTools(
      { settings, userSsh, reporter: this.reporter, provider: () => this.provider() },
      this.#facts,
    );
  }

  async accountKey(): ReturnType<Context['accountKey']> {
    const { accountKeyTools } = await import('./account-key.ts');
    return accountKeyTools(await this.#parts());
  }

  async authorize(): ReturnType<Context['authorize']> {
    const { authorizeTools } = await import('./authorize.ts');
    return authorizeTools(await this.#parts());
  }

  async pruneKeys(): ReturnType<Context['pruneKeys']> {
    const { pruneTools } = await import('./apps.ts');
    return pruneTools(await this.#parts());
  }

  async configuration(): ReturnType<Context['configuration']> {
    const { configureTools } = await import('./settings.ts');
    return configureTools(this, this.#flags, this.#facts.environment);
  }

  async localManager(): ReturnType<Context['localManager']> {
    const { localManagerTools } = await import('./local.ts');
    return localManagerTools(this, this.#facts.environment);
  }

  async serveLocal(): ReturnType<Context['serveLocal']> {
    const { serveLocalTools } = await import('./local.ts');
    return serveLocalTools(this.#facts);
  }

  async close(): Promise<void> {
    // One that could not be opened has nothing to close, and has said why.
    const provider = await this.#provider?.catch(() => undefined);
    await provider?.[Symbol.asyncDispose]();
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

  async #open(): Promise<Provider> {
    const { version, reporter } = this;
    const settings = await this.settings();
    const environment = { ...(await this.#environmentFile()), ...this.environment };
    const options = { version, reporter, environment, processEnvironment: this.environment };
    return await this.#openProvider(settings, { ...options, owner: this.#owner });
  }

  async #openUserSsh(): Promise<UserSsh> {
    const { openUserSsh } = await import('./user-ssh.ts');
    this.#userSsh ??= openUserSsh(this.#facts);
    return this.#userSsh;
  }

  async #parts(): Promise<import('./apps.ts').AppParts> {
    const { environment, leaveInterruptsToChild } = this.#facts;
    const [settings, sessions] = await Promise.all([this.settings(), this.sessions()]);
    return {
      ...sessions,
      settings,
      environment,
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
