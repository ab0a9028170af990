/** What UCloud checks before it makes a job, in its order. */

import type { Actor } from './accounts.ts';
import type { Catalog, UcloudApplication, UcloudParameter } from './catalog.ts';
import type { Drives } from './drives.ts';
import { type Duration, durationMs, type JobSpec } from './job.ts';
import { badRequest, forbidden, Refusal } from './problem.ts';

interface Surroundings {
  readonly catalog: Catalog;
  readonly drives: Drives;
}

interface AskedJob {
  readonly application?: { readonly name?: string; readonly version?: string };
  readonly product?: { readonly id?: string; readonly category?: string; readonly provider?: string };
  readonly name?: string;
  readonly replicas?: number;
  readonly parameters?: Readonly<Record<string, { readonly type?: string; readonly path?: string }>> | null;
  readonly resources?: readonly { readonly type?: string; readonly path?: string }[] | null;
  readonly timeAllocation?: Duration | null;
  readonly sshEnabled?: boolean;
}

/** Throws a Refusal. */
export function checkedSpec(actor: Actor, item: object, { catalog, drives }: Surroundings): JobSpec {
  const asked: AskedJob = item;
  const application = catalog.find(asked.application?.name ?? '', asked.application?.version ?? '');
  if (application === undefined) throw badRequest('unknown application requested');
  const { id = '', category = '', provider = '' } = asked.product ?? {};
  const product = catalog.product({ id, category, provider });
  const { backend = 'DOCKER' } = application;
  if (!product.backends.includes(backend))
    throw badRequest('the application is not supported on this machine type');
  const timeAllocation = checkedTime(asked.timeAllocation, backend);
  const sshEnabled = checkedSsh(asked.sshEnabled === true, application);
  const { replicas = 0, name = '' } = asked;
  if (replicas < 1) throw badRequest('you must request at least 1 node');
  if (name.includes('\n')) throw badRequest('name must not contain new-lines');
  checkFiles(actor, asked.resources ?? [], drives);
  checkParameters(actor, asked, { application, drives });
  checkMeans(actor, category);
  const { parameters = null, resources = null } = asked;
  return {
    ...{ application, product, name: name.trim(), replicas, parameters, resources },
    ...{ timeAllocation, sshEnabled },
  };
}

/** Virtual machines run until they are ended. */
function checkedTime(asked: Duration | null | undefined, backend: string): Duration | undefined {
  if (asked === undefined || asked === null || backend === 'VIRTUAL_MACHINE') return undefined;
  if (durationMs(asked) <= 0) throw badRequest('time allocated for job is too short');
  return asked;
}

function checkedSsh(isAsked: boolean, { ssh = 'DISABLED', jobAuditLog }: UcloudApplication): boolean {
  if (isAsked && ssh === 'DISABLED')
    throw badRequest('this application does not support SSH but it is required');
  return isAsked && jobAuditLog !== true;
}

type Value = { readonly type?: string; readonly path?: string };

/** The drive has to be there; what is in it the provider finds out. */
function checkFiles(actor: Actor, values: readonly Value[], drives: Drives): void {
  for (const { type, path = '' } of values) {
    if (type !== 'file') continue;
    if (drives.ofPath(actor, path) === undefined)
      throw badRequest(`unknown file or permission denied at '${path}'`);
  }
}

const valueTypes: Readonly<Record<string, string>> = {
  ...{ text: 'text', textarea: 'text', enumeration: 'text', integer: 'integer', boolean: 'boolean' },
  ...{ floating_point: 'floating_point', input_file: 'file', input_directory: 'file' },
};

function checkParameters(
  actor: Actor,
  { parameters }: AskedJob,
  { application, drives }: { readonly application: UcloudApplication; readonly drives: Drives },
): void {
  const known = new Map(
    (application.parameters ?? []).map((each): [string, UcloudParameter] => [each.name, each]),
  );
  const given = parameters ?? {};
  for (const [name, value] of Object.entries(given)) {
    checkFiles(actor, [value], drives);
    const parameter = known.get(name);
    if (parameter === undefined) throw badRequest(`unknown parameter supplied: '${name}'`);
    if (valueTypes[parameter.type] !== value.type) throw badRequest(`incorrect parameter type for '${name}'`);
  }
  for (const { name, optional = false, defaultValue } of known.values())
    if (!optional && defaultValue == null && !Object.hasOwn(given, name))
      throw badRequest(`missing value for '${name}'`);
}

function checkMeans({ project }: Actor, category: string): void {
  const allocations = project?.allocations ?? [];
  if (!allocations.includes(category))
    throw new Refusal(402, `You do not have any valid allocations for '${category}'`);
  if (project !== undefined && !project.canConsumeResources)
    throw forbidden('this project is not allowed to consume resources');
}
