/** What messages call the server. */

import type { ServerName } from '../../../net/server-name.ts';

export const manager: ServerName = { name: 'the manager', kind: 'a Backend.AI manager' };
