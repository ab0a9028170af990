/** Sessions. */

import type { CodeTable } from './code-table.ts';

export const sessionCodes = {
  'session-not-found': {
    status: '4',
    meaning: 'there is no such session of yours; to an administrator `owner` tells whose it is',
  },
  'session-ended': { status: '4', meaning: 'there was one, and it has ended or is ending' },
  'session-not-ready': { status: '5', meaning: '`doctor`: the session does not run yet' },
  'node-not-found': { status: '4', meaning: 'the cluster session has no container of this name' },
  'node-not-running': { status: '4', meaning: 'it has, but that container does not run' },
  'session-exists': {
    status: '6',
    meaning: 'the name is taken, and `--no-reuse` was given or the image differs',
  },
  'image-not-found': { status: '4', meaning: 'no such image' },
  'application-not-found': { status: '4', meaning: 'no such application, or not in this version' },
  'product-not-found': {
    status: '4',
    meaning:
      'no such product, none was named, or none that runs the application; `products` names those that are',
  },
  'project-not-found': { status: '4', meaning: 'the account is not in that project or domain' },
  'domain-not-found': { status: '4', meaning: 'the account is not in that project or domain' },
  'resource-group-not-found': { status: '4', meaning: 'the account can use no such resource group' },
  'folder-not-found': { status: '4', meaning: 'the account has no such virtual folder to mount' },
  'not-extended': {
    status: '1',
    meaning:
      'nothing that the account can do lets the session go on for longer, or what was done had no effect',
  },
  'session-error': { status: '10', meaning: 'it went to ERROR while it was waited for, or forwarded to' },
  'session-cancelled': { status: '11', meaning: 'it was cancelled' },
  'session-terminated': { status: '12', meaning: 'it ended' },
} as const satisfies CodeTable;
