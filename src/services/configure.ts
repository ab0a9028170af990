/** `bai config`: what the settings are, where each comes from, and the values of a profile. */

import type { SavedSecrets, SecretTools, StoredProfile } from '../core/settings/profiles.ts';
import { originsOf } from '../core/settings/setting-places.ts';
import {
  checkSetting,
  definitionOf,
  isPath,
  isSet,
  isSettingName,
  type SettingName,
  type Settings,
  settingNames,
} from '../core/settings/settings.ts';
import { similarNames } from '../core/text/similar.ts';
import { NotFoundError, UsageError } from '../errors.ts';

export interface ConfigureTools extends SecretTools {
  /** Of the file with the profiles. */
  readonly path: string;
  readonly profile: string;
  stored(profile: string): Promise<StoredProfile>;
  /** Whether there are others than this one, so that it is worth a word which is meant. */
  hasSeveral(): Promise<boolean>;
  /** Throws for a profile that nothing was stored in. */
  mustExist(profile: string): Promise<void>;
  settings(): Promise<Settings>;
  /** One line from stdin, or typed unseen on a terminal. */
  readSecret(prompt: string): Promise<string>;
  /** Of a path that the user wrote. */
  wholePath(path: string): string;
}

interface ShownSetting {
  readonly name: SettingName;
  /** Nothing for a secret: only whether it is set. */
  readonly value: string | undefined;
  readonly isSet: boolean;
  readonly origin: string;
  readonly summary: string;
}

export function settingName(text: string): SettingName {
  if (isSettingName(text)) return text;
  const near = similarNames(text, settingNames);
  throw new UsageError(`there is no setting ${text}`, {
    hint: near.length > 0 ? `did you mean ${near.join(' or ')}?` : `settings: ${settingNames.join(', ')}`,
  });
}

export async function listSettings(tools: ConfigureTools): Promise<readonly ShownSetting[]> {
  const settings = await tools.settings();
  return settingNames.map((name) => show(name, settings));
}

export async function getSetting(name: SettingName, tools: ConfigureTools): Promise<ShownSetting> {
  const shown = show(name, await tools.settings());
  if (shown.isSet) return shown;
  throw new NotFoundError(`${name} is not set`, {
    code: 'not-set',
    hint: `\`bai config set ${name} …\` sets it: ${shown.summary}`,
  });
}

interface SetRequest {
  readonly name: SettingName;
  readonly value: string | undefined;
}

interface StoredSetting {
  /** Of a secret: where it is. */
  readonly secret?: SavedSecrets;
  /** What the user may not expect of it. */
  readonly warning?: string;
}

/** A secret is never taken from the command line, where every user of the machine can read it. */
export async function setSetting({ name, value }: SetRequest, tools: ConfigureTools): Promise<StoredSetting> {
  const secret = definitionOf(name).secret === true;
  if (secret && value !== undefined) {
    throw new UsageError(
      `${name} is not taken from the command line: others on this machine can read it there`,
      {
        hint: `run \`bai config set ${name}\` and type it, or pipe it: \`… | bai config set ${name}\``,
      },
    );
  }
  const given = value ?? (secret ? await tools.readSecret(`${name}: `) : undefined);
  if (given === undefined || given === '')
    throw new UsageError(`${name} needs a value`, { hint: `bai config set ${name} VALUE` });
  checkSetting(name, given, name);
  const text = isPath(name, given) ? tools.wholePath(given) : given;
  const gone = name === 'endpoint' ? await ofOtherServer(text, tools) : [];
  await tools.removeSecrets(tools.profile, gone.filter(isSecret));
  const without = Object.fromEntries(gone.filter((each) => !isSecret(each)).map((each) => [each, undefined]));
  const saved = await tools.saveProfile(tools.profile, { ...without, [name]: text });
  const warning = gone.length > 0 ? takenAway(gone) : await surprise(name, tools);
  return { ...(secret && { secret: saved }), ...(warning !== undefined && { warning }) };
}

/** What whoever gets it can use: it is for the server that it was made for. A secret key never goes over the line. */
const bearers: readonly SettingName[] = ['loginId', 'loginTime', 'token', 'secretCommand'];

/** Which of them the profile has for another server than this one. */
async function ofOtherServer(endpoint: string, tools: ConfigureTools): Promise<readonly SettingName[]> {
  const { values, keyringItems } = await tools.stored(tools.profile);
  const before = values.endpoint;
  if (before === undefined || originsOf(before) === originsOf(endpoint)) return [];
  return bearers.filter((each) => values[each] !== undefined || keyringItems[each] !== undefined);
}

function isSecret(name: SettingName): boolean {
  return definitionOf(name).secret === true;
}

function takenAway(names: readonly SettingName[]): string {
  const are = names.length > 1 ? 'were' : 'was';
  return `${names.join(', ')} ${are} for the server before, and ${are} removed: \`bai login\` signs in to this one`;
}

async function surprise(name: SettingName, tools: ConfigureTools): Promise<string | undefined> {
  const { values, keyringItems } = await tools.stored(tools.profile);
  const inFile = settingNames.filter((each) => definitionOf(each).secret && values[each] !== undefined);
  const secrets = [...inFile, ...settingNames.filter((each) => keyringItems[each] !== undefined)];
  if (name === 'secretCommand' && secrets.length > 0)
    return `what is stored counts before secretCommand: \`bai config unset ${secrets[0]}\` leaves it to the command`;
  const stays =
    { keyring: inFile, file: Object.keys(keyringItems), auto: [] }[values.secretStore ?? ''] ?? [];
  if (name === 'secretStore' && stays.length > 0)
    return `${stays.join(', ')} stays where it is until it is set again`;
  return undefined;
}

export async function unsetSetting(name: SettingName, tools: ConfigureTools): Promise<boolean> {
  await tools.mustExist(tools.profile);
  const { values } = await tools.stored(tools.profile);
  if (definitionOf(name).secret) return (await tools.removeSecrets(tools.profile, [name])).length > 0;
  if (values[name] === undefined) return false;
  await tools.saveProfile(tools.profile, { [name]: undefined });
  return true;
}

function show(name: SettingName, settings: Settings): ShownSetting {
  const { value, origin } = settings[name];
  const { secret, summary } = definitionOf(name);
  return { name, value: secret ? undefined : value, isSet: isSet(settings[name]), origin, summary };
}
