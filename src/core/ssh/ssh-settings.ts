/** ssh's settings as `ssh -G` prints them, and which of the user's own count on the way into a session. */

import { configWord } from './config-word.ts';
import { settingsIn } from './ssh-options.ts';

/** Names in lower case, and all values of each, without quotes. */
export type SshSettings = ReadonlyMap<string, readonly string[]>;

export function parseSshSettings(text: string): SshSettings {
  const settings = new Map<string, string[]>();
  for (const line of text.split(/\r?\n/)) {
    const [, name, value] = /^(\S+) (.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const key = name.toLowerCase();
    settings.set(key, [...(settings.get(key) ?? []), value]);
  }
  return settings;
}

/**
 * What a user wants of every shell and command, wherever it runs. All that says how to get there, to whom, with which
 * algorithms and keys, and what runs over there is bai's to say, and not in this list.
 */
const inheritedSettings = [
  'Compression',
  'EnableEscapeCommandline',
  'EscapeChar',
  'ExitOnForwardFailure',
  'ForwardAgent',
  'ForwardX11',
  'ForwardX11Timeout',
  'ForwardX11Trusted',
  'GatewayPorts',
  'IdentityAgent',
  'ObscureKeystrokeTiming',
  'SecurityKeyProvider',
  'SendEnv',
  'ServerAliveCountMax',
  'ServerAliveInterval',
  'SetEnv',
  'StreamLocalBindMask',
  'StreamLocalBindUnlink',
  'TCPKeepAlive',
  'XAuthLocation',
] as const;

/** For a key file of the user's own: what opens it without a question. A session's key has no passphrase to remember. */
const forOwnKeys = ['AddKeysToAgent', 'UseKeychain'] as const;

/** As options for the command line, but for those that `words` set, which win. */
export function inheritedOptions(
  settings: SshSettings,
  words: readonly string[],
  { hasOwnKey }: { readonly hasOwnKey: boolean },
): string[] {
  const named = settingsIn(words);
  const names = [...inheritedSettings, ...(hasOwnKey ? forOwnKeys : [])];
  return names
    .filter((name) => !named.has(name.toLowerCase()))
    .flatMap((name) => wished(settings, name).map((value) => optionFor(name, value)))
    .flatMap((option) => ['-o', option]);
}

/** `ssh -G` prints what nobody has set as well: to ask no server whether it is there is only what ssh does by itself. */
function wished(
  settings: SshSettings,
  name: (typeof inheritedSettings | typeof forOwnKeys)[number],
): readonly string[] {
  const values = settings.get(name.toLowerCase()) ?? [];
  return name === 'ServerAliveInterval' ? values.filter((value) => value !== '0') : values;
}

function optionFor(name: string, value: string): string {
  // It is printed with a backslash in front of a control character, and read without.
  const text = name === 'EscapeChar' ? value.replace(/^\\(?=\^)/, '') : value;
  const isList = /^(AddKeysToAgent)$/.test(name);
  return `${name}=${isList ? text : configWord(text)}`;
}
