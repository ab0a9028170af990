/** Who the caller is, as the manager knows the account. */

import * as z from 'zod/mini';
import type { SignedIn } from '../../../core/session/sign-in.ts';
import type { ManagerClient } from './client.ts';
import { graphql } from './graphql.ts';

const text = z.pipe(
  z.optional(z.nullable(z.string())),
  z.transform((value) => value ?? ''),
);

const userSchema = z.object({
  email: text,
  username: text,
  role: text,
  domain_name: text,
  groups: z.optional(z.nullable(z.array(z.nullable(z.object({ name: z.string() }))))),
});

const userQuery = 'query{ user{ email username role domain_name groups{ name } } }';

/** `kim@example.com (user), domain default, projects default and vision`. Rejects with a DeniedError where the key or login is refused. */
export async function signedInAs(client: ManagerClient, signal: AbortSignal): Promise<SignedIn> {
  const call = { what: 'look up your account', query: userQuery, variables: {}, signal };
  const {
    email,
    username,
    role,
    domain_name: domain,
    groups,
  } = await graphql(client, call, 'user', userSchema);
  const projects = (groups ?? [])
    .flatMap((group) => (group === null ? [] : [group.name]))
    .slice(0, mostProjects);
  const who = email || username || 'somebody without a name';
  const facts = [
    role === '' ? who : `${who} (${role})`,
    ...(domain === '' ? [] : [`domain ${domain}`]),
    ...(projects.length === 0 ? [] : [projectsOf(projects)]),
  ];
  return { text: facts.join(', '), name: username, email, role, domain, projects };
}

const mostProjects = 1_000;
const mostNamed = 5;

function projectsOf(names: readonly string[]): string {
  const more = names.length - mostNamed;
  const named = names.slice(0, mostNamed).join(', ');
  return `${names.length > 1 ? 'projects' : 'project'} ${more > 0 ? `${named} and ${more} more` : named}`;
}
