/** `bai ssh-config`: one line in the user's ssh configuration, and bai's own file behind it. */

import type { Reporter } from '../../core/reporter.ts';
import type { Provider } from '../../core/session/provider.ts';
import type { SessionRef, SessionSummary } from '../../core/session/session.ts';
import { usualProfile, withPart } from '../../core/ssh/config-sections.ts';
import { configWord, literalPattern, percentDoubled } from '../../core/ssh/config-word.ts';
import { type InstalledSshConfig, readInstalled } from '../../core/ssh/installed-ssh-config.ts';
import { type ListedHost, listHosts, type SshConfigFacts, sshConfigText } from '../../core/ssh/ssh-config.ts';
import { hasInclude, withInclude, withoutInclude } from '../../core/ssh/ssh-include.ts';
import { lineDiff } from '../../core/text/line-diff.ts';
import { BaiError } from '../../errors.ts';
import type { ConfigChange } from '../../ssh/files/config-file.ts';
import type { SshAnswer } from '../../ssh/openssh/ssh-settings.ts';
import { type CheckedPlans, type Plan, unsayablePath, writeChecked, writePlan } from './check-ssh-config.ts';

export interface SshConfigTools {
  /** Whose hosts they are; the default profile's when left out. */
  readonly profile?: string | undefined;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** The user's, which ssh reads. */
  readonly userFile: string;
  /** Bai's own, which the user's includes. */
  readonly ownFile: string;
  /** The ways to name `ownFile` in an Include line; the first one is written. */
  readonly spellings: readonly [string, ...string[]];
  /** Of the ssh that reads them; any but Windows when left out. */
  readonly platform?: NodeJS.Platform | undefined;
  readonly files: ConfigFiles;
  provider(): Promise<Provider>;
  facts(): Promise<SshConfigFacts>;
  /** Variables that bai took the manager's address or keys from. */
  borrowedVariables(): Promise<readonly string[]>;
  /** What ssh makes of its configuration with these words (`ssh -G`); nothing where there is no ssh. */
  askSsh(words: readonly string[]): Promise<SshAnswer | undefined>;
  /** Takes away what was learnt of host names. */
  forgetHosts(): Promise<void>;
}

/** Texts have one character for each byte; failures are LocalSystemErrors with `advice` as their hint. */
interface ConfigFiles {
  read(path: string, advice: string): Promise<string | undefined>;
  /** Writes what `edit` makes of the file, or takes it away, while no other bai changes it. */
  change(path: string, edit: EditConfig, advice: string): Promise<ConfigChange>;
  /** Runs what tries several files, and puts them back, while no other bai does so. */
  alone<T>(work: () => Promise<T>, advice: string): Promise<T>;
}

/** Nothing stands for no file. */
export type EditConfig = (before: string | undefined) => string | undefined;

export interface FileChange {
  readonly path: string;
  readonly change: 'created' | 'changed' | 'removed' | 'unchanged';
  /** Lines that begin with `-`, `+` or a space. */
  readonly diff: readonly string[];
}

export interface SshConfigChange {
  readonly hosts: readonly ListedHost[];
  readonly dryRun: boolean;
  /** Bai's own file first. */
  readonly files: readonly FileChange[];
}

/** With `dryRun` nothing is written, and no folder made. What ssh cannot read is taken back. */
export async function installSshConfig(
  { dryRun }: { readonly dryRun: boolean },
  tools: SshConfigTools,
): Promise<SshConfigChange> {
  const { text, hosts, facts } = await renderSshConfig(tools);
  if (dryRun) {
    const { own, users } = await planInstall(text, tools);
    return { hosts, dryRun, files: [changeOf(own), changeOf(users[0])] };
  }
  const written = await tools.files.alone(
    async () => writeChecked({ ...(await planInstall(text, tools)), facts }, tools),
    ownAdvice,
  );
  await warnOfVariables(tools);
  return { hosts, dryRun, files: written.map(changeOf) };
}

async function planInstall(text: string, tools: SshConfigTools): Promise<Omit<CheckedPlans, 'facts'>> {
  const own = await planOwn(tools, text);
  const advice = (line: string): string => `put this line on top of it yourself: ${line}`;
  const plans = includeLines(tools).map((line) =>
    planUser(tools, advice(line), (before) => withLine(before, line, tools)),
  );
  const [first, ...others] = await Promise.all(plans);
  if (first === undefined) throw new Error('there is a way to name the file');
  return { own, users: [first, ...others] };
}

function withLine(before: string | undefined, line: string, { spellings }: SshConfigTools): string {
  const files = spellings.map(asBytes);
  if (before !== undefined && hasInclude(before, files)) return before;
  return withInclude(before === undefined ? undefined : withoutInclude(before, files), asBytes(line));
}

/** What ssh knows of sessions; nothing when the user's file does not include bai's. */
export async function installedSshConfig({
  userFile,
  ownFile,
  spellings,
  files,
  profile,
}: Pick<SshConfigTools, 'userFile' | 'ownFile' | 'spellings' | 'files' | 'profile'>): Promise<
  InstalledSshConfig | 'of-others' | undefined
> {
  const advice = 'make it yours: ssh reads it too';
  const [user, own] = await Promise.all([files.read(userFile, advice), files.read(ownFile, advice)]);
  if (user === undefined || !hasInclude(user, spellings.map(asBytes))) return undefined;
  return readInstalled(asText(own) ?? '', profile) ?? (own === undefined ? undefined : 'of-others');
}

/** The user's file first: an Include of a file that is gone includes nothing. */
export async function removeSshConfig(
  { dryRun }: { readonly dryRun: boolean },
  tools: SshConfigTools,
): Promise<SshConfigChange> {
  let plans = await planRemove(tools);
  if (!dryRun) {
    const isDone = plans.every(({ before, after }) => before === after);
    if (!isDone)
      plans = await tools.files.alone(async () => carryOut(await planRemove(tools), tools), ownAdvice);
    await tools.forgetHosts();
  }
  return { hosts: [], dryRun, files: plans.map(changeOf).toReversed() };
}

async function planRemove(tools: SshConfigTools): Promise<readonly Plan[]> {
  const own = await planOwn(tools, undefined);
  const user = await planUser(tools, `take the line with ${tools.ownFile} out of it yourself`, (before) =>
    before === undefined ? undefined : withoutInclude(before, tools.spellings.map(asBytes)),
  );
  return [user, own];
}

interface RenderedSshConfig {
  readonly text: string;
  readonly hosts: readonly ListedHost[];
  readonly facts: SshConfigFacts;
}

/** Bai's own file, with a host for each session of the account that can be gone into, now or when it has started. */
export async function renderSshConfig(tools: SshConfigTools): Promise<RenderedSshConfig> {
  const [facts, provider] = await Promise.all([tools.facts(), tools.provider()]);
  const { identityFile, knownHosts, hostsFolder, bai } = facts;
  checkPaths([...(identityFile ? [identityFile] : []), knownHosts, hostsFolder, ...bai], /[\n\r]|\$\{/);
  checkPaths([tools.ownFile], /[\n\r]/);
  const all = await provider.list({ statuses: 'live', owner: 'own' }, tools.signal);
  const reachable = all.filter(({ status }) => /^(ready|starting)$/.test(provider.phaseOf(status)));
  const accounts = await accountsOf(reachable, provider, tools.signal);
  const accountIn = ({ id }: SessionRef): string | undefined => accounts.get(id);
  const hosts = listHosts(reachable, { ...provider, accountIn }, facts.profile);
  return { text: sshConfigText({ ...facts, hidesEnds: provider.hidesEnds }, hosts), hosts, facts };
}

/** Where each session has an account of its own: in its list, or known by its way in alone. */
async function accountsOf(
  sessions: readonly SessionSummary[],
  provider: Provider,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string | undefined>> {
  const accounts = new Map(sessions.map((session) => [session.id, provider.accountIn?.(session)]));
  if (provider.account !== undefined) return accounts;
  for (const session of sessions) {
    if (accounts.get(session.id) !== undefined || provider.phaseOf(session.status) !== 'ready') continue;
    try {
      accounts.set(session.id, (await provider.access(session, { signal })).user);
    } catch (error) {
      // One that cannot be reached yet is listed as it is.
      if (!(error instanceof BaiError) || signal.aborted) throw error;
    }
  }
  return accounts;
}

/** ssh's configuration has no way to write these in a path. */
function checkPaths(paths: readonly string[], unsayable: RegExp): void {
  const path = paths.find((each) => unsayable.test(each));
  if (path !== undefined) throw unsayablePath(path);
}

/** Releases of ssh from 9.9 on know tokens in the name of an included file, where a doubled `%` stands for one. */
function includeLines({ spellings, platform }: SshConfigTools): readonly string[] {
  const patterns = spellings.slice(0, 2).map((each) => literalPattern(each, platform));
  const all = patterns.flatMap((pattern) => [pattern, percentDoubled(pattern)]);
  return [...new Set(all)].map((each) => `Include ${configWord(each)}`);
}

function planOwn(tools: SshConfigTools, text: string | undefined): Promise<Plan> {
  const { profile = usualProfile } = tools;
  const edit: EditConfig = (before) =>
    text === undefined ? undefined : withPart(before ?? '', profile, asBytes(text));
  return plan({ path: tools.ownFile, advice: ownAdvice, edit }, tools);
}

const ownAdvice = 'make it and its folder yours, or choose another folder with BAI_HOME';

function planUser(tools: SshConfigTools, advice: string, edit: EditConfig): Promise<Plan> {
  return plan({ path: tools.userFile, advice, edit }, tools);
}

async function plan(
  change: Pick<Plan, 'path' | 'advice' | 'edit'>,
  { files }: SshConfigTools,
): Promise<Plan> {
  const before = await files.read(change.path, change.advice);
  return { ...change, before, after: change.edit(before) };
}

async function carryOut(plans: readonly Plan[], tools: SshConfigTools): Promise<readonly Plan[]> {
  const done: Plan[] = [];
  for (const plan of plans) done.push(await writePlan(plan, tools));
  return done;
}

function changeOf({ path, before, after }: Plan): FileChange {
  return { path, change: kindOf(before, after), diff: lineDiff(asText(before), asText(after)) };
}

function kindOf(before: string | undefined, after: string | undefined): FileChange['change'] {
  if (before === after) return 'unchanged';
  if (after === undefined) return 'removed';
  return before === undefined ? 'created' : 'changed';
}

async function warnOfVariables(tools: SshConfigTools): Promise<void> {
  const names = await tools.borrowedVariables();
  if (names.length === 0) return;
  tools.reporter.warn(
    `the manager's address or keys come from ${names.join(', ')}, which ssh must find too`,
    'editors are often started without such variables: `bai config set` stores them in the profile',
  );
}

export function asBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function asText(bytes: string | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes, 'latin1').toString();
}
