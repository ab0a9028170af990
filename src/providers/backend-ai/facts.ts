/** What Backend.AI is called and what can be done with it, for lists: a manager need not be there to be asked. */

import type { Feature } from '../../core/session/provider.ts';

export const title = 'Backend.AI';

export const features: readonly Feature[] = [
  ...(['create', 'plan', 'like', 'terminate', 'rename', 'logs', 'apps', 'nodes', 'files'] as const),
  ...(['issuedKey', 'accountKey', 'images', 'folders', 'resources', 'projects'] as const),
];
