/** What UCloud is called and what can be done with it, for lists: no server need be there to be asked. */

import type { Feature } from '../../core/session/provider.ts';

export const title = 'UCloud';

export const features: readonly Feature[] = [
  ...(['create', 'plan', 'terminate', 'rename', 'extend', 'logs', 'publicKeys'] as const),
];
