/** What messages call the server. */

import type { ServerName } from '../../net/server-name.ts';

export const ucloud: ServerName = { name: 'UCloud', kind: 'a UCloud server' };
