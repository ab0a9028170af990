/** Applications, from which jobs are made: their SSH mode and their parameters. */

import { similarNames } from '../../core/text/similar.ts';
import { ConflictError, NotFoundError, UsageError } from '../../errors.ts';
import type { Call, UcloudClient } from './client.ts';
import { allPages } from './pages.ts';
import { isProblem } from './problem.ts';
import { type ApplicationRow, applicationNameSchema, applicationSchema } from './schema.ts';

/** `APP` or `APP:VERSION`; without a version it is the newest. Throws a UsageError for neither. */
function parseApplication(text: string): { readonly name: string; readonly version?: string } {
  const [, name, version] = /^([^:\s]+)(?::([^:\s]+))?$/.exec(text) ?? [];
  if (name === undefined) {
    throw new UsageError(`"${text}" names no application`, {
      hint: 'write APP or APP:VERSION, as UCloud shows them, e.g. terminal-ubuntu',
    });
  }
  return { name, ...(version !== undefined && { version }) };
}

/** Throws a NotFoundError that names what was most likely meant. */
export async function findApplication(
  client: UcloudClient,
  text: string,
  signal: AbortSignal,
): Promise<ApplicationRow> {
  const { name, version } = parseApplication(text);
  const found = await retrieve(client, { name, version, signal });
  if (found !== undefined) return found;
  const newest = version === undefined ? undefined : await retrieve(client, { name, signal });
  if (newest !== undefined) {
    const versions = newest.versions ?? [newest.metadata.version];
    throw new NotFoundError(`application ${name} has no version ${version}`, {
      code: 'application-not-found',
      hint: `versions: ${versions.join(', ')}`,
      details: { versions },
    });
  }
  const names = await namesLike(client, name, signal);
  throw new NotFoundError(`UCloud has no application ${name}, or you may not use it`, {
    code: 'application-not-found',
    hint:
      names.length === 0
        ? "see the list of applications in UCloud's web interface"
        : `did you mean ${names.join(' or ')}?`,
    details: { applications: names },
  });
}

interface Lookup {
  readonly name: string;
  readonly version?: string | undefined;
  readonly signal: AbortSignal;
}

async function retrieve(
  client: UcloudClient,
  { name, version, signal }: Lookup,
): Promise<ApplicationRow | undefined> {
  const call: Call = {
    ...{ what: `look for application ${name}`, method: 'GET', path: 'api/hpc/apps/byNameAndVersion', signal },
    query: { appName: name, ...(version !== undefined && { appVersion: version }) },
  };
  try {
    return await client.json(call, applicationSchema);
  } catch (error) {
    if (isProblem(error) && error.cause.isUclouds && error.cause.status === 404) return undefined;
    throw error;
  }
}

/** UCloud's search goes by titles; the names that are closest, or else whatever it found. */
async function namesLike(client: UcloudClient, name: string, signal: AbortSignal): Promise<string[]> {
  const call: Call = {
    ...{ what: `look for applications like ${name}`, method: 'POST', path: 'api/hpc/apps/search', signal },
    ...{ readsOnly: true, body: { query: name.replaceAll(/[-_.]+/g, ' ') } },
  };
  const found = (await allPages(client, call, applicationNameSchema)).map(({ metadata }) => metadata.name);
  const close = similarNames(name, found);
  return close.length > 0 ? close : [...new Set(found)].slice(0, 3);
}

/**
 * What `sshEnabled` has to be for a job with SSH; nothing to send where it is on in any case. Throws a ConflictError for an
 * application that has none.
 */
export function sshSwitch({ metadata, invocation }: ApplicationRow): true | undefined {
  const mode = invocation.ssh?.mode ?? '';
  if (mode === 'MANDATORY') return undefined;
  const isMachine = invocation.tool.tool?.description.backend === 'VIRTUAL_MACHINE';
  // UCloud refuses to switch it on where the application says nothing of it, and its provider does so for a virtual machine.
  if (mode === '' && isMachine) return undefined;
  if (mode === 'OPTIONAL' && invocation.jobAuditLogIsEnabled !== true) return true;
  const why = mode === 'OPTIONAL' ? 'keeps an audit log, and so lets nobody in' : 'has no SSH';
  throw new ConflictError(`application ${metadata.name} ${why}`, {
    code: 'ssh-off',
    hint: "choose another one: UCloud's page of an application says whether it has SSH",
  });
}
