/** What messages call the server. */

import type { ServerName } from '../../../net/server-name.ts';

export const manager: ServerName = { name: 'the manager', kind: 'a Backend.AI manager' };

/** Where an answer has not the form that this client knows. */
export const checkIsManager =
  'check that the endpoint is a Backend.AI manager; if it is, report this with its release';
