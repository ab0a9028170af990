/** The virtual folders that a session of the caller can mount. */

import type * as z from 'zod/mini';
import { isInEverySession } from '../../../core/session/mounts.ts';
import type { FolderOffer } from '../../../core/session/offers.ts';
import type { Call, ManagerClient } from '../manager/client.ts';
import { listsProjectFoldersApart } from '../manager/release.ts';
import { bounded, isName, type Warn } from './names.ts';
import { memberOf } from './projects.ts';
import { foldersSchema } from './schemas.ts';

type Row = z.infer<typeof foldersSchema>[number];

/** Projects whose folders are asked for one by one. */
const mostAsked = 50;

export async function folderOffers(
  client: ManagerClient,
  { warn, signal }: { readonly warn: Warn; readonly signal: AbortSignal },
): Promise<readonly FolderOffer[]> {
  const apart = listsProjectFoldersApart(await client.release(signal));
  const projects = apart ? (await memberOf(client, signal)).projects.slice(0, mostAsked) : [];
  const names = new Map(projects.map(({ id, name }) => [plainId(id), name]));
  const places = [undefined, ...projects.map(({ id }) => id)];
  const lists = await Promise.all(places.map((project) => rowsOf(client, project, signal)));
  const offers = lists.flat().flatMap((row) => offerOf(row, names) ?? []);
  const found = new Map(offers.map((offer) => [`${offer.id} ${offer.name}`, offer]));
  const hint = 'the web console shows them all';
  return bounded([...found.values()], { what: 'virtual folders', hint, warn });
}

/** The caller's own and those of others that the caller reaches; with a project, those of the project too. */
async function rowsOf(
  client: ManagerClient,
  project: string | undefined,
  signal: AbortSignal,
): Promise<readonly Row[]> {
  const call: Call = {
    ...{ what: 'list the virtual folders', method: 'GET', path: 'folders', signal },
    ...(project !== undefined && { query: { group_id: project } }),
  };
  return client.json(call, foldersSchema);
}

/** Nothing for one that no session can mount: in the trash, or closed to the caller. */
function offerOf(row: Row, projects: ReadonlyMap<string, string>): FolderOffer | undefined {
  const permission = permissions.get(row.permission.toLowerCase());
  if (permission === undefined || !isName(row.name) || row.status.startsWith('delete-')) return undefined;
  const isProject = row.ownership_type === 'group';
  const project = row.group_name === '' ? projects.get(plainId(row.group)) : row.group_name;
  return {
    name: row.name,
    id: row.id,
    permission,
    owner: isProject ? 'project' : row.is_owner === false ? 'shared' : 'own',
    project: isProject ? project : undefined,
    host: row.host,
    status: row.status,
    isAutomatic: isInEverySession(row.name),
  };
}

const permissions: ReadonlyMap<string, FolderOffer['permission']> = new Map([
  ['ro', 'ro'],
  ['rw', 'rw'],
  ['wd', 'rw-delete'],
]);

/** With and without dashes it is the same. */
function plainId(id: string): string {
  return id.replaceAll('-', '').toLowerCase();
}
