/** What a provider lacks is said as what it is: no fault of the user's and none of the network's. */

import { UsageError } from '../../errors.ts';
import type { Absence, Feature, Provider } from './provider.ts';

const absences: Readonly<Record<Feature, Absence>> = {
  create: {
    why: 'has no call that creates sessions',
    instead: 'start one the way its own documentation says; then `bai session list` shows it',
  },
  plan: {
    why: 'does not tell beforehand what would be created',
    instead: 'omit --dry-run',
  },
  like: {
    why: 'does not tell what its sessions were made from',
    instead: '`bai session create --help` shows how to say it',
  },
  terminate: {
    why: 'has no call that ends sessions',
    instead: 'end it from inside, or the way its own documentation says',
  },
  rename: {
    why: 'has no call that renames sessions',
    instead: 'go by the id, which `bai session list` shows',
  },
  extend: {
    why: 'has no call that gives sessions more time',
    instead: 'start the next one with the time that it needs',
  },
  logs: {
    why: 'keeps no log of its sessions',
    instead: '`bai exec SESSION COMMAND` reads files inside of one',
  },
  apps: {
    why: 'tells of no apps',
    instead: '`bai ssh SESSION -L PORT:localhost:PORT -N` forwards any port of a session',
  },
  nodes: {
    why: 'leads to one machine of a session only',
    instead: 'leave out --node and --all-nodes, or continue from there with ssh',
  },
  files: {
    why: 'shows no files of its sessions by itself',
    instead: '`bai sftp` moves files',
  },
  issuedKey: {
    why: 'hands out no keys: its sessions let keys of your own in',
    instead: '`bai key generate` makes one; --identity FILE or the setting identity names it',
  },
  accountKey: {
    why: 'keeps no key pair for an account',
    instead: '`bai key generate` makes a key of your own',
  },
  publicKeys: {
    why: 'keeps no list of public keys for an account',
    instead: '`bai key authorize` puts one into a session',
  },
  images: {
    why: 'keeps no list of images',
    instead: '`bai session create --help` shows what a session is made from there',
  },
  folders: {
    why: 'has no list of folders for sessions',
    instead: '`bai sftp` moves files into a session and out of it',
  },
  resources: {
    why: 'does not tell what is free',
    instead: '`bai session create --help` shows how a machine is chosen there',
  },
  projects: {
    why: 'has no list of projects',
    instead: 'its own pages show which you are in',
  },
};

/** The feature; a UsageError `unsupported` that says why there is none, and what to do instead. */
export function requireFeature<F extends Feature>(provider: Provider, feature: F): NonNullable<Provider[F]> {
  const found = provider[feature];
  if (found !== undefined) return found;
  const { why, instead } = provider.absences?.[feature] ?? absences[feature];
  throw new UsageError(`${provider.title} ${why}`, { code: 'unsupported', hint: instead });
}
