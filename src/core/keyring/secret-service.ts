/** The keyring of Linux desktops, by `secret-tool` of libsecret. */

import {
  type KeyringFacts,
  type KeyringItem,
  type KeyringPrograms,
  labelOf,
  serviceName,
} from './keyring-calls.ts';

const program = 'secret-tool';

export function secretService({ environment, isThere }: Omit<KeyringFacts, 'platform'>): KeyringPrograms {
  const named = (id: string): string[] => ['service', serviceName, 'id', id];
  const call = (...args: string[]): { program: string; args: string[]; input: string } => ({
    ...{ program, args, input: '' },
  });
  return {
    title: 'the keyring',
    mostBytes: 8 * 1024,
    mayAsk: Boolean(environment['DISPLAY'] || environment['WAYLAND_DISPLAY']),
    away: hasBus(environment, isThere) ? undefined : 'no session bus (D-Bus) runs here',
    store: (item, secret) => ({
      ...call('store', `--label=${labelOf(item)}`, ...named(item.id), ...described(item)),
      ...{ input: secret },
    }),
    read: (id) => call('lookup', ...named(id)),
    remove: (id) => call('clear', ...named(id)),
    find: (id) => call('search', ...named(id)),
    outcomeOf({ status, stdout, stderr }) {
      if (status === 0) return { kind: 'done', secret: stdout };
      // It says nothing both of a secret that is not there and of one that nobody could unlock.
      const words = stderr.split('\n').filter((line) => line.startsWith(`${program}: `));
      if (words.length === 0) return { kind: 'missing' };
      return { kind: 'refused', words: words.map((line) => line.slice(program.length + 2)).join(' ') };
    },
  };
}

/** For people who look for them; a profile that is renamed keeps its items. */
function described({ profile, setting }: KeyringItem): readonly string[] {
  return ['profile', profile, 'setting', setting];
}

/** Without one, secret-tool starts a bus of its own where it can, with a keyring that nobody has unlocked. */
function hasBus(environment: KeyringFacts['environment'], isThere: KeyringFacts['isThere']): boolean {
  const folder = environment['XDG_RUNTIME_DIR'];
  return Boolean(environment['DBUS_SESSION_BUS_ADDRESS']) || Boolean(folder && isThere(`${folder}/bus`));
}
