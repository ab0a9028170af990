/** Joins the profiles to the system's keyring, and brings the secrets that are elsewhere when they are used. */

import { isKeyringFailure, type Keyring, openKeyring } from '../../config/keyring.ts';
import { findOwnPaths } from '../../config/paths.ts';
import { openProfileSecrets, type ProfileSecrets } from '../../config/profile-secrets.ts';
import { readSecretCommand } from '../../config/secret-command.ts';
import { openProfileStore } from '../../config/store.ts';
import type { Environment, ProcessFacts } from '../../context.ts';
import type { Reporter } from '../../core/reporter.ts';
import type { ProfileValues } from '../../core/settings/profiles.ts';
import { resolveSetting } from '../../core/settings/resolve-settings.ts';
import type { SecretStore } from '../../core/settings/setting-parsers.ts';
import {
  checkSetting,
  type Setting,
  type SettingName,
  type Settings,
  settingNames,
  settingValue,
} from '../../core/settings/settings.ts';
import { DeniedError, RetoldError } from '../../errors.ts';
import type { LockWait } from '../../files/lock.ts';
import { findProgram } from '../../ssh/programs.ts';

export interface SecretParts {
  readonly environment: Environment;
  readonly reporter: Reporter;
  readonly facts: Pick<ProcessFacts, 'stdin' | 'signal' | 'stdioForChild'>;
}

export function systemKeyring({ environment, reporter, facts }: SecretParts): Keyring {
  return openKeyring({
    ...{ environment, platform: process.platform, signal: facts.signal },
    findProgram: (name) => findProgram(name, environment),
    wait: (text, limitMs) => reporter.wait(text, limitMs),
  });
}

export function profileSecrets(
  parts: SecretParts & { readonly isNamed: boolean },
  wait: LockWait,
): ProfileSecrets {
  const { environment, reporter, isNamed } = parts;
  const store = openProfileStore(findOwnPaths(environment).configFile, wait);
  return openProfileSecrets({
    store,
    keyring: systemKeyring(parts),
    async choose(name, values) {
      const before = (await store.read(name)).values;
      const profile = { name, isNamed, values: withChanges(before, values) };
      const { value } = resolveSetting('secretStore', { flags: {}, environment, profile, local: {} });
      return value as SecretStore;
    },
    warn: (message, hint) => reporter.warn(message, hint),
  });
}

function withChanges(before: ProfileValues, values: ProfileValues): Partial<Record<SettingName, string>> {
  const all = Object.entries({ ...before, ...values });
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}

/** With the secrets that are in the keyring, or that a command prints. Only now, for it takes time and may ask its user. */
export async function withSecrets(settings: Settings, parts: SecretParts): Promise<Settings> {
  const found: Partial<Record<SettingName, Setting>> = {};
  for (const name of settingNames) {
    const { keyringItem, origin } = settings[name];
    if (keyringItem === undefined) continue;
    found[name] = { value: await readItem(name, { id: keyringItem, origin }, parts), origin };
  }
  const whole = { ...settings, ...found };
  const name = commandGives(whole);
  if (name === undefined || whole[name].value !== undefined) return whole;
  const value = await commandSecret(whole, parts);
  if (value === undefined) return whole;
  checkSetting(name, value, 'secretCommand');
  return { ...whole, [name]: { value, origin: `secretCommand of ${settings.secretCommand.origin}` } };
}

async function readItem(
  name: SettingName,
  { id, origin }: { readonly id: string; readonly origin: string },
  parts: SecretParts,
): Promise<string> {
  const keyring = systemKeyring(parts);
  const secret = await keyring.read(id).catch((error: unknown) => {
    if (!isKeyringFailure(error)) throw error;
    const { hint = '', details } = error;
    throw new RetoldError(error, `${name} of ${origin} cannot be read: ${error.message}`, { hint, details });
  });
  if (secret !== undefined) {
    checkSetting(name, secret, origin);
    return secret;
  }
  throw new DeniedError(`${name} of ${origin} is no longer in ${keyring.title}`, {
    code: 'no-secret',
    hint: `\`bai config set ${name}\` stores it again`,
  });
}

/** What the secret stands for: a password is nothing to send with a request. */
function commandGives(settings: Settings): 'secretKey' | 'token' | undefined {
  if (settingValue(settings, 'provider') !== 'backend.ai') return 'token';
  return settingValue(settings, 'endpointType') === 'api' ? 'secretKey' : undefined;
}

/** Nothing where there is no command. */
export async function commandSecret(
  { secretCommand }: Pick<Settings, 'secretCommand'>,
  { environment, reporter, facts }: SecretParts,
): Promise<string | undefined> {
  if (secretCommand.value === undefined) return undefined;
  const canAsk = facts.stdin.isTTY === true && reporter.interactive;
  return readSecretCommand(secretCommand.value, {
    ...{ environment, signal: facts.signal },
    terminal: canAsk ? () => facts.stdioForChild() : undefined,
    info: (message) => reporter.info(message),
    warn: (message) => reporter.warn(message),
    yieldTerminal: () => reporter.yieldTerminal(),
  });
}
