/** What messages call the server. */

import type { ServerName } from '../../net/server-name.ts';

export const rescale: ServerName = { name: 'Rescale', kind: "the address of Rescale's platform" };
