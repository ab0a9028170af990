/** What Rescale is called and what can be done with it, for lists: no server need be there to be asked. */

import type { Feature } from '../../core/session/provider.ts';

export const title = 'Rescale';

export const features: readonly Feature[] = ['create', 'plan', 'terminate', 'logs'];
