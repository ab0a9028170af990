/** Puts files of ssh's configuration in place only where ssh itself then reads them as they were meant. */

import { hostSuffixOf, usualProfile } from '../../core/ssh/config-sections.ts';
import { slashed } from '../../core/ssh/config-word.ts';
import { expectedSettings, type SshConfigFacts } from '../../core/ssh/ssh-config.ts';
import { encodingProblem, withoutInclude } from '../../core/ssh/ssh-include.ts';
import { typed } from '../../core/text/typed.ts';
import { LocalSystemError } from '../../errors.ts';
import type { ConfigChange } from '../../ssh/files/config-file.ts';
import { asBytes, type EditConfig, type SshConfigTools } from './ssh-config.ts';

/** Texts have one character for each byte. */
export interface Plan extends ConfigChange {
  readonly path: string;
  readonly edit: EditConfig;
  readonly advice: string;
}

export interface CheckedPlans {
  readonly own: Plan;
  /** The ways to write the user's file, of which the first that ssh understands is taken. */
  readonly users: readonly [Plan, ...Plan[]];
  readonly facts: SshConfigFacts;
}

/** Bai's own file and the user's as they were written. Throws when ssh understands none; then both files are as before. */
export async function writeChecked(
  { own, users, facts }: CheckedPlans,
  tools: SshConfigTools,
): Promise<readonly [Plan, Plan]> {
  const written = await writePlan(own, tools);
  let tried: Plan = users[0];
  try {
    for (const user of users) {
      tried = user;
      if (!(await beside(user.after ?? '', tools, (path) => findsSessions(path, facts, tools)))) continue;
      const done = await writePlan(user, tools);
      if (await findsSessions(user.path, facts, tools)) {
        await warnOfOtherHome(user.path, facts, tools);
        return [written, done];
      }
      await restore(done, tools);
    }
    throw await failure(tried, tools);
  } catch (error) {
    await restore(written, tools);
    throw error;
  }
}

/** With what stood there and what stands there now. */
export async function writePlan(plan: Plan, { files }: Pick<SshConfigTools, 'files'>): Promise<Plan> {
  if (plan.before === plan.after) return plan;
  return { ...plan, ...(await files.change(plan.path, plan.edit, plan.advice)) };
}

/** What another program has made of it meanwhile stays. */
async function restore({ path, before, after, advice }: Plan, { files }: SshConfigTools): Promise<void> {
  if (before === after) return;
  await files.change(path, (now) => (now === after ? before : now), advice);
}

/** A host that no user has a line for. */
function probeOf({ profile = usualProfile }: SshConfigFacts): string {
  return `bai-checks-this${hostSuffixOf(profile)}`;
}

/** With the configuration at `path`, or with ssh's own. True where there is no ssh to ask. */
async function findsSessions(
  path: string | undefined,
  facts: SshConfigFacts,
  tools: SshConfigTools,
): Promise<boolean> {
  const probe = probeOf(facts);
  const answer = await tools.askSsh([...(path === undefined ? [] : ['-F', path]), probe]);
  if (answer === undefined) return true;
  if ('problem' in answer) return false;
  return [...expectedSettings(facts, probe)].every(([name, wanted]) =>
    // Some releases print what stands in the file, and some what it means; those of Windows with either separator.
    (answer.settings.get(name) ?? [])
      .map((value) => slashed(value, facts.platform))
      .some((value) => [value, expanded(value, probe)].includes(wanted)),
  );
}

function expanded(value: string, probe: string): string {
  return value.replaceAll(/%[%n]/g, (token) => (token === '%%' ? '%' : probe));
}

/** What `look` sees of a text that is not in its place. */
async function beside<T>(
  text: string,
  tools: SshConfigTools,
  look: (path: string) => Promise<T>,
): Promise<T> {
  const path = `${tools.ownFile}.check`;
  const advice = 'make its folder yours, or choose another folder with BAI_HOME';
  await tools.files.change(path, () => text, advice);
  try {
    return await look(path);
  } finally {
    await tools.files.change(path, () => undefined, advice);
  }
}

/** Whether it was the user's file before, where its line stands, or the way to name bai's. */
async function failure(user: Plan, tools: SshConfigTools): Promise<LocalSystemError> {
  const others = withoutInclude(user.before ?? '', tools.spellings.map(asBytes)) ?? '';
  const answer = await beside(others, tools, async (path) => {
    // An address, which no configuration looks up.
    const said = await tools.askSsh(['-F', path, '127.0.0.1']);
    return said !== undefined && 'problem' in said ? said.problem.replaceAll(path, user.path) : undefined;
  });
  const encoding = encodingProblem(user.before ?? '');
  if (answer !== undefined && encoding !== undefined)
    return notUsable(
      `ssh cannot read ${user.path}: ${encoding}`,
      'save it as UTF-8 without one (Notepad calls that UTF-8, not UTF-8 with BOM)',
    );
  if (answer !== undefined)
    return notUsable(`ssh cannot read ${user.path}: ${answer}`, 'fix that line first');
  if (user.before === user.after) {
    return notUsable(
      `${user.path} includes bai's hosts where ssh does not take them from`,
      `move the line with ${tools.ownFile} to the top, before the first Host and Match`,
    );
  }
  return unsayablePath(tools.ownFile);
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
async function warnOfOtherHome(path: string, facts: SshConfigFacts, tools: SshConfigTools): Promise<void> {
  if (await findsSessions(undefined, facts, tools)) return;
  tools.reporter.warn(
    `ssh does not read ${path} on its own: it uses the home folder of your account, not HOME`,
    `\`${typed(['ssh', '-F', path, 'NAME.bai'])}\` reads it`,
  );
}
