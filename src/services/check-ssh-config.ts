/** Puts files of ssh's configuration in place only where ssh itself then reads them as they were meant. */

import { expectedSettings, hostSuffix, type SshConfigFacts } from '../core/ssh-config.ts';
import { withoutInclude } from '../core/ssh-include.ts';
import { LocalSystemError } from '../errors.ts';
import { asBytes, type SshConfigDeps } from './ssh-config.ts';

export interface Plan {
  readonly path: string;
  /** Texts have one character for each byte. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly advice: string;
}

export interface CheckedPlans {
  readonly own: Plan;
  /** The ways to write the user's file, of which the first that ssh understands is taken. */
  readonly users: readonly [Plan, ...Plan[]];
  readonly facts: SshConfigFacts;
}

/** The plan for the user's file that was carried out. Throws when ssh understands none; then both files are as before. */
export async function writeChecked({ own, users, facts }: CheckedPlans, deps: SshConfigDeps): Promise<Plan> {
  await writePlan(own, deps);
  let tried: Plan = users[0];
  try {
    for (const user of users) {
      tried = user;
      if (!(await beside(user.after ?? '', deps, (path) => findsSessions(path, facts, deps)))) continue;
      await writePlan(user, deps);
      if (await findsSessions(user.path, facts, deps)) {
        await warnOfOtherHome(user.path, facts, deps);
        return user;
      }
      await restore(user, deps);
    }
    throw await failure(tried, deps);
  } catch (error) {
    await restore(own, deps);
    throw error;
  }
}

export async function writePlan(
  { path, before, after, advice }: Plan,
  { files }: Pick<SshConfigDeps, 'files'>,
): Promise<void> {
  if (before === after) return;
  if (after === undefined) await files.remove(path, advice);
  else await files.write(path, after, advice);
}

async function restore({ path, before, after, advice }: Plan, deps: SshConfigDeps): Promise<void> {
  await writePlan({ path, before: after, after: before, advice }, deps);
}

/** A host that no user has a line for. */
const probe = `bai-checks-this${hostSuffix}`;

/** With the configuration at `path`, or with ssh's own. True where there is no ssh to ask. */
async function findsSessions(
  path: string | undefined,
  facts: SshConfigFacts,
  deps: SshConfigDeps,
): Promise<boolean> {
  const answer = await deps.askSsh([...(path === undefined ? [] : ['-F', path]), probe]);
  if (answer === undefined) return true;
  if ('problem' in answer) return false;
  return [...expectedSettings(facts, probe)].every(([name, wanted]) =>
    // Some releases print what stands in the file, and some what it means.
    (answer.settings.get(name) ?? []).some((value) => [value, expanded(value)].includes(wanted)),
  );
}

function expanded(value: string): string {
  return value.replaceAll(/%[%n]/g, (token) => (token === '%%' ? '%' : probe));
}

/** What `look` sees of a text that is not in its place. */
async function beside<T>(text: string, deps: SshConfigDeps, look: (path: string) => Promise<T>): Promise<T> {
  const path = `${deps.ownFile}.check`;
  const advice = 'make its folder yours, or choose another folder with BAI_HOME';
  await deps.files.write(path, text, advice);
  try {
    return await look(path);
  } finally {
    await deps.files.remove(path, advice);
  }
}

/** Whether it was the user's file before, where its line stands, or the way to name bai's. */
async function failure(user: Plan, deps: SshConfigDeps): Promise<LocalSystemError> {
  const others = withoutInclude(user.before ?? '', deps.spellings.map(asBytes)) ?? '';
  const answer = await beside(others, deps, async (path) => {
    // An address, which no configuration looks up.
    const said = await deps.askSsh(['-F', path, '127.0.0.1']);
    return said !== undefined && 'problem' in said ? said.problem.replaceAll(path, user.path) : undefined;
  });
  if (answer !== undefined)
    return notUsable(`ssh cannot read ${user.path}: ${answer}`, 'mend that line first');
  if (user.before === user.after) {
    return notUsable(
      `${user.path} includes bai's hosts where ssh does not take them from`,
      `move the line with ${deps.ownFile} to the top, before the first Host and Match`,
    );
  }
  return unsayablePath(deps.ownFile);
}

function notUsable(message: string, hint: string): LocalSystemError {
  return new LocalSystemError(message, {
    code: 'ssh-config-not-usable',
    hint: `${hint}; nothing was changed`,
  });
}

export function unsayablePath(path: string): LocalSystemError {
  return new LocalSystemError(`the path ${path} cannot stand in ssh's configuration`, {
    code: 'ssh-config-path',
    hint: 'choose another place: BAI_HOME is the folder of bai’s own files, --identity the key',
  });
}

/** ssh takes the folder of its configuration from the account, whatever HOME says. */
async function warnOfOtherHome(path: string, facts: SshConfigFacts, deps: SshConfigDeps): Promise<void> {
  if (await findsSessions(undefined, facts, deps)) return;
  deps.reporter.warn(
    `ssh does not read ${path} by itself: it goes by the home folder of your account, not by HOME`,
    `\`ssh -F ${path} NAME.bai\` reads it`,
  );
}
