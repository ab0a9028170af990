/** The command line and settings. */

import type { CodeTable } from './code-table.ts';

export const commandLineCodes = {
  usage: { status: '2', meaning: 'a wrong command, argument, option or value' },
  unsupported: { status: '2', meaning: 'this platform has no such thing; the hint says what to do instead' },
  'no-endpoint': { status: '2', meaning: 'no server is configured' },
  'no-such-profile': {
    status: '2',
    meaning:
      'the profile of `--profile`, `BAI_PROFILE` or `profile use` is not there; `profiles` names those that are',
  },
  'profile-exists': { status: '6', meaning: 'there is a profile of the new name already' },
  'profile-in-use': {
    status: '2',
    meaning: 'the current profile was to be removed, and `--use` did not say which is current then',
  },
  'keyring-away': {
    status: '1',
    meaning: 'no keyring of the system answers: its program or the session bus is not there',
  },
  'keyring-locked': { status: '1', meaning: 'the keyring is locked, and nobody unlocked it' },
  'keyring-silent': { status: '1', meaning: 'the keyring did not answer in time' },
  'keyring-failed': { status: '1', meaning: 'the keyring refused a secret, or what was asked of it' },
  'no-secret': { status: '3', meaning: "a secret of the profile is no longer in the system's keyring" },
  'secret-command-failed': {
    status: '1',
    meaning: '`secretCommand` failed, printed nothing, or took too long',
  },
  'ssh-folder-refused': {
    status: '2',
    meaning: 'a folder was to be mounted on `~/.ssh`, which managers refuse',
  },
  'not-set': { status: '4', meaning: '`config get` of a setting without a value' },
  'config-broken': { status: '1', meaning: 'the profile file is not what bai wrote' },
  'apiconfig-unusable': {
    status: '1',
    meaning:
      "Rescale's own file of API keys (`~/.config/rescale/apiconfig`) cannot be read, or lacks what is asked of it",
  },
  'no-home': { status: '1', meaning: 'the home folder is not known, and this needs it' },
} as const satisfies CodeTable;
