/** The login keychain of macOS, by `security`. */

import { type KeyringPrograms, labelOf, serviceName } from './keyring-calls.ts';

const program = '/usr/bin/security';

/** Apple's numbers as exit statuses: their lowest eight bits. */
const statuses = { missing: 44, notAllowedToAsk: 36, noKeychain: 37, wrongPassword: 51, cancelled: 128 };
const lockedStatuses: readonly (number | null)[] = [
  statuses.notAllowedToAsk,
  statuses.wrongPassword,
  statuses.cancelled,
];

export function keychain(): KeyringPrograms {
  const named = (id: string): string[] => ['-s', serviceName, '-a', id];
  return {
    title: 'the keychain',
    // It reads lines of 4096 bytes, in which each byte of the secret is two digits.
    mostBytes: 1_800,
    mayAsk: true,
    away: undefined,
    // Its arguments would show the secret to others; with -i they stand on stdin.
    store: (item, secret) => ({
      program,
      args: ['-q', '-i'],
      input: `add-generic-password -U ${named(item.id).join(' ')} -l "${labelOf(item)}" -X ${hex(secret)}\n`,
    }),
    read: (id) => ({ program, args: ['find-generic-password', ...named(id), '-w'], input: '' }),
    remove: (id) => ({ program, args: ['delete-generic-password', ...named(id)], input: '' }),
    outcomeOf({ status, stdout, stderr }) {
      if (status === 0) return { kind: 'done', secret: stdout.replace(/\n$/, '') };
      if (status === statuses.missing) return { kind: 'missing' };
      if (lockedStatuses.includes(status)) return { kind: 'locked' };
      if (status === statuses.noKeychain) return { kind: 'refused', words: 'there is no default keychain' };
      return { kind: 'refused', words: stderr.trim() || `security ended with status ${status}` };
    },
  };
}

function hex(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
