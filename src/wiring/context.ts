/** The composition root: each need is built out of the edges once, when a command asks for it. */

import type { StoredProfiles } from '../config/store.ts';
import type { Context, Environment, GlobalFlags, ProcessFacts, ToolKinds } from '../context.ts';
import type { LocalInput, LocalOutput } from '../core/local-streams.ts';
import type { Reporter } from '../core/reporter.ts';
import type { Provider } from '../core/session/provider.ts';
import { profileChanges } from '../core/settings/profile-changes.ts';
import type { Settings, SettingValues } from '../core/settings/settings.ts';
import { DeniedError } from '../errors.ts';
import type { NamedFileLimit } from '../files/named-file.ts';
import type { SignInMeans } from './console.ts';
import type { LoginHold } from './profiles/login-hold.ts';
import type { OpenProvider } from './providers.ts';
import { type BuilderContext, builders } from './tools.ts';
import type { UserSsh } from './user-ssh.ts';

/** `reporter` exists after `useFlags`. Edges are imported when they are first needed: start-up pays for none. */
export function createContext(facts: ProcessFacts, openProvider: OpenProvider): Context {
  return new LazyContext(facts, openProvider);
}

class LazyContext implements Context, BuilderContext {
  facts: ProcessFacts;
  flags: GlobalFlags = noFlags;
  #overrides: SettingValues = {};
  #fileValues: Promise<Environment> | undefined;
  #settings: Promise<Settings> | undefined;
  #profile: Promise<string> | undefined;
  #stored: Promise<StoredProfiles | undefined> | undefined;
  #storedAt = 0;
  #reporter: Reporter | undefined;
  readonly #openProvider: OpenProvider;
  /** What the provider was opened with. */
  #account = '';
  #provider: Promise<Provider> | undefined;
  owner: string | undefined;
  #userSsh: UserSsh | undefined;
  readonly #resources: { close(): Promise<void> }[] = [];
  #loginHold: LoginHold | undefined;
  exitCode = 0;

  constructor(facts: ProcessFacts, openProvider: OpenProvider) {
    this.facts = facts;
    this.#openProvider = openProvider;
  }

  get stdin(): LocalInput {
    return this.facts.stdin;
  }

  get stdout(): LocalOutput {
    return this.facts.stdout;
  }

  get stderr(): LocalOutput {
    return this.facts.stderr;
  }

  get signal(): AbortSignal {
    return this.facts.signal;
  }

  get version(): string {
    return this.facts.version;
  }

  get reporter(): Reporter {
    if (this.#reporter === undefined) throw new Error('the reporter is made from the flags');
    return this.#reporter;
  }

  get hasReporter(): boolean {
    return this.#reporter !== undefined;
  }

  get environment(): Environment {
    return this.facts.environment;
  }

  async heedAccessible(): Promise<void> {
    const { withAccessible } = await import('./profiles/accessible.ts');
    const environment = await withAccessible(
      this.environment,
      () => this.profile(),
      () => this.storedProfiles(),
    );
    this.facts = { ...this.facts, environment };
  }

  useReporter(reporter: Reporter): void {
    this.#reporter = reporter;
  }

  useFlags(flags: GlobalFlags): void {
    this.#fileValues = undefined;
    this.flags = flags;
    this.#settings = undefined;
    this.#profile = undefined;
  }

  overrideSettings(values: SettingValues): void {
    this.#overrides = { ...this.#overrides, ...values };
    this.#settings = undefined;
  }

  actFor(owner: string): void {
    this.owner = owner;
  }

  async wholePath(path: string): Promise<string> {
    return (await import('../files/user-path.ts')).wholePath(path);
  }

  async readNamedFile(path: string, limit: Omit<NamedFileLimit, 'signal'>): Promise<Uint8Array> {
    const { readNamedFile } = await import('../files/named-file.ts');
    return readNamedFile(await this.wholePath(path), { ...limit, signal: this.signal });
  }

  profile(): Promise<string> {
    this.#profile ??= this.#chooseProfile();
    return this.#profile;
  }

  async startLog(): Promise<void> {
    const path = this.environment['BAI_LOG'];
    if (!this.flags.verbose && !path) return;
    const { writeLog } = await import('./process/log.ts');
    const file = path ? await this.wholePath(path) : undefined;
    const log = writeLog({ reporter: this.flags.verbose ? this.reporter : undefined, file });
    this.closeLater({ close: async () => log[Symbol.dispose]() });
  }

  assumeProfile(name: string): void {
    if (this.flags.profile !== undefined) return;
    this.#profile = Promise.resolve(name);
    this.#settings = undefined;
  }

  async tellProfile(): Promise<void> {
    const { meantProfile } = await import('./profiles/meant-profile.ts');
    const meant = await meantProfile(this);
    if (meant !== undefined) this.reporter.info(meant);
  }

  async inProfile(error: unknown): Promise<unknown> {
    if (!(error instanceof DeniedError)) return error;
    return (await import('./profiles/meant-profile.ts')).inProfile(error, this);
  }

  settings(): Promise<Settings> {
    this.#settings ??= this.#loadSettings();
    return this.#settings;
  }

  async settingsWithSecrets(): Promise<Settings> {
    const settings = await this.settings();
    const { areElsewhere } = await import('../core/settings/profiles.ts');
    if (!areElsewhere(settings)) return settings;
    const { withSecrets } = await import('./profiles/secrets.ts');
    const { environment, reporter, facts } = this;
    return withSecrets(settings, { environment, reporter, facts });
  }

  provider(): Promise<Provider> {
    this.#provider ??= this.#open();
    return this.#provider;
  }

  async renewAccount(): Promise<boolean> {
    this.#stored = undefined;
    this.#settings = undefined;
    if (accountText(await this.settingsWithSecrets()) === this.#account) return false;
    const before = await this.#provider;
    // Connections through it go on.
    if (before !== undefined) this.closeLater({ close: async () => before[Symbol.asyncDispose]() });
    this.#provider = undefined;
    return true;
  }

  tools<N extends keyof ToolKinds>(kind: N): Promise<ToolKinds[N]> {
    return builders[kind](this);
  }

  async close(): Promise<void> {
    // One that could not be opened has nothing to close, and has said why.
    const provider = await this.#provider?.catch(() => undefined);
    await provider?.[Symbol.asyncDispose]();
    for (const resource of this.#resources) await resource.close();
  }

  closeLater(resource: { close(): Promise<void> }): void {
    this.#resources.push(resource);
  }

  allowNewProfile(): void {
    this.flags = { ...this.flags, mayBeNew: true };
    this.#settings = undefined;
  }

  async #loadSettings(): Promise<Settings> {
    const { loadSettings } = await import('./settings.ts');
    const flags = { ...this.flags, settings: { ...this.flags.settings, ...this.#overrides } };
    const [environmentFile, profile] = [await this.#environmentFile(), await this.profile()];
    const surroundings = {
      environment: this.environment,
      environmentFile,
      stored: () => this.storedProfiles(),
    };
    return loadSettings({ profile, flags }, surroundings, this.reporter);
  }

  async #chooseProfile(): Promise<string> {
    const { chooseProfile } = await import('./profiles/profile-name.ts');
    return (await chooseProfile(this.flags, this.environment, () => this.storedProfiles())).profile;
  }

  /** Read once, and anew when this process has changed them: which profile is meant and what is set in it are of one moment. */
  storedProfiles(): Promise<StoredProfiles | undefined> {
    if (this.#storedAt !== profileChanges()) this.#stored = undefined;
    this.#storedAt = profileChanges();
    this.#stored ??= this.#readProfiles();
    return this.#stored;
  }

  async #readProfiles(): Promise<StoredProfiles | undefined> {
    return (await import('./profiles/profile-name.ts')).storedProfiles(this.environment);
  }

  /** Read once: it may be a pipe. */
  #environmentFile(): Promise<Environment> {
    this.#fileValues ??= this.#readEnvironmentFile();
    return this.#fileValues;
  }

  async #readEnvironmentFile(): Promise<Environment> {
    const path = this.flags.environmentFile;
    if (path === undefined) return {};
    const { readEnvironmentFile } = await import('../config/env-file.ts');
    return readEnvironmentFile(await this.wholePath(path), this.signal);
  }

  async #open(): Promise<Provider> {
    const { version, reporter } = this;
    const settings = await this.settingsWithSecrets();
    this.#account = accountText(settings);
    const environment = { ...(await this.#environmentFile()), ...this.environment };
    const options = { version, reporter, environment, processEnvironment: this.environment };
    const means = (): Promise<SignInMeans> => this.#signInMeans();
    return await this.#openProvider(settings, { ...options, means, owner: this.owner });
  }

  async #signInMeans(): Promise<SignInMeans> {
    const { stdin, stderr, signal, reporter, environment } = this;
    const [{ askerAt }, { keptLogin }, { openLoginHold }, { renewalOf }] = await Promise.all([
      import('./process/asker.ts'),
      import('./profiles/kept-login.ts'),
      import('./profiles/login-hold.ts'),
      import('./stored-login.ts'),
    ]);
    this.#loginHold ??= openLoginHold(this);
    const hold = this.#loginHold;
    const [settings, profiles] = [await this.settings(), await this.tools('profiles')];
    return {
      ask: askerAt({ stdin, stderr, signal }, reporter),
      readPassword: () => profiles.readSecretCommand(),
      useLogin: (id) => hold.use(id),
      holding: (provider) => hold.over(provider),
      ...keptLogin(settings, profiles, environment),
      ...renewalOf(profiles.profile, this),
    };
  }

  holdLogin(what: string): void {
    this.#loginHold?.hold(what);
  }

  /** The user's own ssh configuration, asked once. */
  async userSsh(): Promise<UserSsh> {
    const { openUserSsh } = await import('./user-ssh.ts');
    this.#userSsh ??= openUserSsh(this.facts);
    return this.#userSsh;
  }
}

/** In memory only: who signs in, and where. */
function accountText({ endpoint, accessKey, secretKey, token, loginId }: Settings): string {
  return JSON.stringify([endpoint, accessKey, secretKey, token, loginId].map(({ value }) => value));
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
