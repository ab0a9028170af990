/** The workspace of a token, which decides whose jobs it knows: UCloud tells in its list of tokens and of projects. */

import { orNothing } from '../../core/or-nothing.ts';
import type { Call, UcloudClient } from './client.ts';
import { allPages } from './pages.ts';
import { projectSchema, tokenSchema } from './schema.ts';

interface Workspace {
  /** Empty for the personal one. */
  readonly project: string;
  /** What people call it; empty when UCloud does not tell. */
  readonly title: string;
  /** Milliseconds since 1970. */
  readonly tokenExpiresAt: number | undefined;
}

/** Nothing when UCloud does not list the token: it is asked for to explain, and never fails. */
export async function workspaceOf(client: UcloudClient, signal: AbortSignal): Promise<Workspace | undefined> {
  const tokens: Call = { what: 'list your API tokens', method: 'GET', path: 'api/tokens/browse', signal };
  const projects: Call = {
    what: 'list your projects',
    method: 'GET',
    path: 'api/projects/v2/browse',
    signal,
  };
  const own = (await orNothing(allPages(client, tokens, tokenSchema)))?.find(
    ({ id }) => id === client.tokenId,
  );
  if (own === undefined) return undefined;
  const { project } = own.owner;
  const known = project === '' ? undefined : await orNothing(allPages(client, projects, projectSchema));
  const title = known?.find(({ id }) => id === project)?.specification.title ?? '';
  return { project, title, tokenExpiresAt: own.specification.expiresAt ?? undefined };
}
