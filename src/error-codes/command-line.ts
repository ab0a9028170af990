/** The command line and settings. */

import type { CodeTable } from './code-table.ts';

export const commandLineCodes = {
  usage: { status: '2', meaning: 'a wrong command, argument, option or value' },
  unsupported: { status: '2', meaning: 'this platform has no such thing; the hint says what to do instead' },
  'no-endpoint': { status: '2', meaning: 'no server is configured' },
  'no-such-profile': {
    status: '2',
    meaning: 'the profile of `--profile` or `BAI_PROFILE` is not there; `profiles` names those that are',
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
