/** `bai config`: what the settings are, where each comes from, and the values of a profile. */

import {
  checkSetting,
  definitionOf,
  isPath,
  isSettingName,
  type SettingName,
  type Settings,
  settingNames,
} from '../core/settings/settings.ts';
import { similarNames } from '../core/text/similar.ts';
import { NotFoundError, UsageError } from '../errors.ts';

export interface ConfigureTools {
  readonly store: {
    readonly path: string;
    write(profile: string, name: SettingName, value: string): Promise<void>;
    remove(profile: string, name: SettingName): Promise<boolean>;
  };
  readonly profile: string;
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

/** A secret is never taken from the command line, where every user of the machine can read it. */
export async function setSetting({ name, value }: SetRequest, tools: ConfigureTools): Promise<void> {
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
  await tools.store.write(tools.profile, name, isPath(name, given) ? tools.wholePath(given) : given);
}

export async function unsetSetting(name: SettingName, tools: ConfigureTools): Promise<boolean> {
  await tools.mustExist(tools.profile);
  return tools.store.remove(tools.profile, name);
}

function show(name: SettingName, settings: Settings): ShownSetting {
  const { value, origin } = settings[name];
  const { secret, summary } = definitionOf(name);
  return { name, value: secret ? undefined : value, isSet: value !== undefined, origin, summary };
}
