/** `bai profile`: several accounts side by side. */

import { definitionOf, type SettingName, settingNames } from '../../core/settings/settings.ts';
import { usualProfile } from '../../core/ssh/config-sections.ts';
import { typedUnset } from '../../core/text/typed.ts';
import { BaiError, UsageError } from '../../errors.ts';
import type { ProfileTools } from './profile-tools.ts';

interface ListedProfile {
  readonly name: string;
  /** Whether it is the one that is meant now. */
  readonly current: boolean;
  readonly provider: string;
  readonly endpoint: string | undefined;
  /** Whose account it is, as far as that is no secret. */
  readonly account: string | undefined;
  readonly secretsIn: readonly SecretPlace[];
}

type SecretPlace = 'keyring' | 'file' | 'command';

export async function listProfiles(tools: ProfileTools): Promise<readonly ListedProfile[]> {
  const names = await tools.store.names();
  return Promise.all(names.map((name) => listed(name, tools)));
}

async function listed(name: string, { store, profile }: ProfileTools): Promise<ListedProfile> {
  const { values, keyringItems } = await store.read(name);
  const places: readonly (readonly [SecretPlace, boolean])[] = [
    ['keyring', Object.keys(keyringItems).length > 0],
    ['file', secretNames.some((each) => values[each] !== undefined)],
    ['command', values.secretCommand !== undefined],
  ];
  return {
    ...{ name, current: name === profile, endpoint: values.endpoint },
    provider: values.provider ?? definitionOf('provider').fallback ?? '',
    account: values.email ?? values.accessKey,
    secretsIn: places.flatMap(([place, isSo]) => (isSo ? [place] : [])),
  };
}

const secretNames = settingNames.filter((name) => definitionOf(name).secret);

interface StoredSetting {
  readonly name: SettingName;
  /** Nothing for a secret. */
  readonly value: string | undefined;
  /** Of a secret. */
  readonly secretIn?: 'keyring' | 'file';
}

interface ShownProfile {
  readonly name: string;
  readonly current: boolean;
  readonly path: string;
  readonly settings: readonly StoredSetting[];
}

/** What is stored in it, whatever the environment says. */
export async function showProfile(asked: string | undefined, tools: ProfileTools): Promise<ShownProfile> {
  const name = asked ?? tools.profile;
  tools.checkName(name);
  await tools.mustExist(name);
  const { values, keyringItems } = await tools.store.read(name);
  const settings = settingNames.flatMap((each): StoredSetting[] => {
    if (keyringItems[each] !== undefined) return [{ name: each, value: undefined, secretIn: 'keyring' }];
    if (values[each] === undefined) return [];
    if (definitionOf(each).secret) return [{ name: each, value: undefined, secretIn: 'file' }];
    return [{ name: each, value: values[each] }];
  });
  return { name, current: name === tools.profile, path: tools.store.path, settings };
}

export async function useProfile(
  name: string,
  tools: ProfileTools,
): Promise<{ readonly profile: string; readonly previous: string }> {
  tools.checkName(name);
  await tools.mustExist(name);
  const previous = (await tools.store.current()) ?? usualProfile;
  await tools.store.use(name);
  if (tools.chosenBy === 'BAI_PROFILE' && tools.profile !== name)
    tools.warn(`BAI_PROFILE is "${tools.profile}", which counts before this`, typedUnset('BAI_PROFILE'));
  return { profile: name, previous };
}

export async function renameProfile(
  { name, newName }: { readonly name: string; readonly newName: string },
  tools: ProfileTools,
): Promise<void> {
  for (const each of [name, newName]) tools.checkName(each);
  await mustBeStored(name, tools);
  await tools.store.rename(name, newName);
  await warnOfHosts(
    name,
    `bai ssh-config remove\`, then \`bai --profile ${newName} ssh-config install`,
    tools,
  );
}

interface RemoveRequest {
  readonly name: string;
  /** What is current then. */
  readonly next: string | undefined;
  readonly isConfirmed: boolean;
}

interface RemoveTools<T> extends ProfileTools {
  /** Of a profile that is signed in at a web console: nobody could end that login any more. */
  endLogin(this: void, profile: string): Promise<T>;
}

interface RemovedProfile<T> {
  /** What is current now. */
  readonly current: string;
  /** What came of its login; nothing where it had none. */
  readonly login: T | undefined;
}

export async function removeProfile<T>(
  { name, next, isConfirmed }: RemoveRequest,
  tools: RemoveTools<T>,
): Promise<RemovedProfile<T>> {
  for (const each of [name, ...(next === undefined ? [] : [next])]) tools.checkName(each);
  await mustBeStored(name, tools);
  const current = (await tools.store.current()) ?? usualProfile;
  const after = await successor({ name, next, current }, tools);
  const { values, keyringItems } = await tools.store.read(name);
  const isSignedIn = values.loginId !== undefined || keyringItems.loginId !== undefined;
  if (!isConfirmed) await confirm(name, isSignedIn, tools);
  const login = isSignedIn ? await tools.endLogin(name) : undefined;
  await tools.removeProfile(name, after);
  await warnOfHosts(name, 'bai ssh-config remove', tools);
  return { current: after, login };
}

/** Nobody is to find out by the next command which account takes the place of the one that is gone. */
async function successor(
  {
    name,
    next,
    current,
  }: { readonly name: string; readonly next: string | undefined; readonly current: string },
  { store }: ProfileTools,
): Promise<string> {
  const others = (await store.names()).filter((each) => each !== name);
  if (next !== undefined) {
    if (others.includes(next)) return next;
    throw new UsageError(`--use takes a profile that is left, not "${next}"`, {
      hint: others.length === 0 ? 'none is left' : `profiles that are left: ${others.join(', ')}`,
    });
  }
  if (name !== current) return current;
  if (others.length === 0) return usualProfile;
  throw new UsageError(`"${name}" is the current profile, so say which one is current then`, {
    code: 'profile-in-use',
    hint: `\`bai profile remove ${name} --use ${others[0]}\``,
    details: { profiles: others },
  });
}

async function confirm(name: string, isSignedIn: boolean, { ask }: ProfileTools): Promise<void> {
  if (ask === undefined)
    throw new UsageError(`to remove profile "${name}" without a terminal, confirm it with --yes`);
  const signedIn = isSignedIn ? ', which is signed in,' : '';
  if (!(await ask(`Remove profile "${name}"${signedIn} and its secrets?`)))
    throw new BaiError(`profile "${name}" stays`, { code: 'not-confirmed' });
}

/** The default profile exists for whoever reads, but there is nothing in it to move or remove. */
async function mustBeStored(name: string, tools: ProfileTools): Promise<void> {
  await tools.mustExist(name);
  if ((await tools.store.names()).includes(name)) return;
  throw new UsageError(`nothing is stored in profile "${name}"`, {
    code: 'no-such-profile',
    hint: '`bai profile list` shows those that are',
  });
}

async function warnOfHosts(name: string, command: string, tools: ProfileTools): Promise<void> {
  const hosts = await tools.installedHosts(name);
  if (hosts === undefined) return;
  tools.warn(
    `the hosts NAME${hosts} of your ssh configuration still mean profile "${name}"`,
    `\`${command}\``,
  );
}
