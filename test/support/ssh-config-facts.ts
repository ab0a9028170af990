/** What ssh's configuration is written for, where a test minds none of it. */

import type { SshConfigFacts } from '../../src/core/ssh/ssh-config.ts';

export const facts: SshConfigFacts = {
  user: 'work',
  identityFile: '/home/you/.ssh/id_container',
  knownHosts: '/home/you/.local/share/bai/known_hosts',
  hostsFolder: '/home/you/.local/share/bai/ssh-hosts',
  nullDevice: '/dev/null',
  bai: ['/usr/bin/node', '/usr/lib/bai/bin/bai.cjs'],
};

export const idOf = (digit: string): string => `${digit.repeat(8)}-0000-4000-8000-000000000000`;

export const session = (name: string, digit = '1') => ({ id: idOf(digit), name, status: 'RUNNING' });
