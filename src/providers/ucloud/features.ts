/** What can be done with UCloud, for lists: no server need be there to be asked. */

import type { Feature } from '../../core/session/provider.ts';

export const features: readonly Feature[] = ['create', 'terminate', 'rename', 'extend', 'logs', 'publicKeys'];
