/** A new job with SSH: everything is looked up and named before anything is made, for UCloud keeps no promise to make it once. */

import { NotFoundError, ProtocolError, UsageError } from '../../errors.ts';
import { findApplication, sshSwitch } from './applications.ts';
import type { Call, UcloudClient } from './client.ts';
import { findFolders } from './folders.ts';
import { durationMs, durationOf, type ProductReference } from './job.ts';
import { checkJobName } from './job-actions.ts';
import { listKeys } from './keys.ts';
import { type ParameterValue, parameterValues } from './parameters.ts';
import { chooseProduct, productsFor } from './products.ts';
import { type ApplicationRow, createdSchema, dynamicParametersSchema, type ParameterRow } from './schema.ts';

export interface JobRequest {
  /** `APP` or `APP:VERSION` */
  readonly application: string;
  /** `CATEGORY/ID` or `CATEGORY/ID@PROVIDER`; nothing is an error that names the choices. */
  readonly product: string | undefined;
  /** Without one it has none. Names need not be unique. */
  readonly name?: string;
  /** In whole minutes; what the application has as its default when left out. Virtual machines have no limit. */
  readonly timeMs?: number;
  readonly parameters: Readonly<Record<string, string>>;
  /** `/DRIVE/PATH` */
  readonly folders: readonly string[];
  readonly nodes: number;
}

interface CreatedJob {
  readonly id: string;
  readonly name: string;
}

/** Rejects with what is wrong with the request, or with an UnsureError when the job may have been made. */
export async function createJob(
  client: UcloudClient,
  request: JobRequest,
  signal: AbortSignal,
): Promise<CreatedJob> {
  const item = await jobItem(client, request, signal);
  const name = request.name ?? '';
  const label = name === '' ? `a job of ${request.application}` : `job ${name}`;
  const call: Call = {
    ...{ what: 'create the job', method: 'POST', path: 'api/jobs', body: { items: [item] }, signal },
    doubt: {
      words: `${label} may have been created`,
      hint: 'check with `bai session list` before you try again',
      details: { name },
    },
  };
  const [made] = (await client.json(call, createdSchema)).responses ?? [];
  if (made !== undefined) return { id: made.id, name };
  throw new ProtocolError('cannot create the job: UCloud gave it no number', {
    hint: 'check with `bai session list` whether it is there',
  });
}

interface JobItem {
  readonly application: { readonly name: string; readonly version: string };
  readonly product: ProductReference;
  readonly replicas: number;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly resources: readonly { readonly type: 'file'; readonly path: string; readonly readOnly: boolean }[];
  readonly name?: string;
  /** Nothing: until it is ended. */
  readonly timeAllocation?: ReturnType<typeof durationOf>;
  readonly sshEnabled?: boolean;
}

/** The job as it would be sent, with everything in it looked up. Makes nothing; rejects with what is wrong with the request. */
export async function jobItem(
  client: UcloudClient,
  request: JobRequest,
  signal: AbortSignal,
): Promise<JobItem> {
  checkPlain(request);
  const [application] = await Promise.all([
    findApplication(client, request.application, signal),
    checkAccountKeys(client, signal),
  ]);
  checkNodes(request.nodes, application);
  const sshEnabled = sshSwitch(application);
  const product = chooseProduct(request.product, await productsFor(client, application, signal));
  const known = await parametersOf(client, { application, product, given: request.parameters, signal });
  const parameters = await withPaths(client, parameterValues(request.parameters, known), signal);
  const folders = await findFolders(client, request.folders, signal);
  const { name, version } = application.metadata;
  const timeAllocation = timeOf(request.timeMs, application);
  return {
    application: { name, version },
    product,
    replicas: request.nodes,
    parameters,
    resources: folders.map((path) => ({ type: 'file' as const, path, readOnly: false })),
    ...(request.name !== undefined && { name: request.name }),
    ...(timeAllocation !== undefined && { timeAllocation }),
    ...(sshEnabled !== undefined && { sshEnabled }),
  };
}

/** Files and folders among the values are looked for like those that are mounted. */
async function withPaths(
  client: UcloudClient,
  values: Readonly<Record<string, ParameterValue>>,
  signal: AbortSignal,
): Promise<Readonly<Record<string, ParameterValue>>> {
  const checked = Object.entries(values).map(async ([name, value]) => {
    if (value.path === undefined) return [name, value] as const;
    const [path] = await findFolders(client, [value.path], signal);
    return [name, path === undefined ? value : { ...value, path }] as const;
  });
  return Object.fromEntries(await Promise.all(checked));
}

/** What needs nobody to be asked. */
function checkPlain({ name, timeMs, nodes }: JobRequest): void {
  if (name !== undefined) checkJobName(name);
  if (timeMs !== undefined && !(timeMs > 0)) throw new UsageError('a job needs some time, such as 8h');
  if (!Number.isInteger(nodes) || nodes < 1) throw new UsageError('a job needs one node at least');
}

/** A job that starts without one runs, costs, and lets nobody in; a key that comes later does not help it. */
async function checkAccountKeys(client: UcloudClient, signal: AbortSignal): Promise<void> {
  const keys = await listKeys(client, signal);
  if (keys.some(({ fingerprint }) => fingerprint !== undefined)) return;
  throw new NotFoundError('your UCloud account has no SSH key: nobody could log in to the job', {
    code: 'no-account-key',
    hint: 'add one first: `bai key upload ~/.ssh/id_ed25519.pub`; `bai key generate` makes one',
  });
}

function checkNodes(nodes: number, { metadata, invocation }: ApplicationRow): void {
  if (nodes === 1 || invocation.allowMultiNode !== false) return;
  throw new UsageError(`application ${metadata.name} runs on one node only`, { hint: 'omit --nodes' });
}

/** Virtual machines run until they are ended: UCloud drops what is asked for. */
function timeOf(timeMs: number | undefined, { invocation }: ApplicationRow) {
  const tool = invocation.tool.tool?.description;
  if (tool?.backend === 'VIRTUAL_MACHINE') return undefined;
  if (timeMs !== undefined) return durationOf(timeMs);
  const usual = tool?.defaultTimeAllocation ?? undefined;
  return usual !== undefined && durationMs(usual) > 0 ? usual : undefined;
}

interface Asked {
  readonly application: ApplicationRow;
  readonly product: ProductReference;
  readonly given: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** A provider may have more of them than the application; it is asked only when a name is not the application's. */
async function parametersOf(
  client: UcloudClient,
  { application, product, given, signal }: Asked,
): Promise<readonly ParameterRow[]> {
  const own = application.invocation.parameters ?? [];
  const isOwn = (name: string): boolean => own.some((each) => each.name === name);
  if (Object.keys(given).every(isOwn)) return own;
  const { name, version } = application.metadata;
  const call: Call = {
    ...{
      what: `look up the parameters of ${name}`,
      method: 'POST',
      path: 'api/jobs/requestDynamicParameters',
    },
    ...{ readsOnly: true, body: { application: { name, version } }, signal },
  };
  const { parametersByProvider } = await client.json(call, dynamicParametersSchema);
  const more = new Map(Object.entries(parametersByProvider ?? {})).get(product.provider);
  return [...own, ...(more ?? [])];
}
