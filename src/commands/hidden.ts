/** Commands that nobody types: bai and its scripts do. */

import type { CommandEntry } from './shared/command.ts';

export const hiddenCommands: readonly CommandEntry[] = [
  {
    path: '__complete',
    summary: 'what the script of bai completion asks',
    hidden: true,
    load: () => import('./complete.ts'),
  },
  {
    path: 'help-topic',
    summary: 'what `bai help TOPIC` tells',
    hidden: true,
    load: () => import('./help-topic.ts'),
  },
  { path: 'welcome', summary: 'what `bai` alone says', hidden: true, load: () => import('./welcome.ts') },
  {
    path: 'local serve',
    summary: 'run the local manager in this process',
    hidden: true,
    load: () => import('./local/serve.ts'),
  },
];
