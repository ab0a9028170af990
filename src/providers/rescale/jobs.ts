/** Jobs: those there are, what became of one, and its end. */

import { expectedEnd } from '../../core/session/expected-end.ts';
import type { SessionPhase } from '../../core/session/provider.ts';
import type { ExpectedEnd } from '../../core/session/session.ts';
import type { SignedIn } from '../../core/session/sign-in.ts';
import { undefinedIfMissing } from '../../core/undefined-if-missing.ts';
import type { RescaleClient } from './client.ts';
import { type Listed, readPages } from './pages.ts';
import { phaseOf, rankOf, savedStatus } from './phase.ts';
import * as schema from './schema.ts';

export interface Job {
  /** Its upper and lower case count. */
  readonly id: string;
  /** Any text, also none; several jobs may have the same. */
  readonly name: string;
  /** An e-mail address: others share jobs. */
  readonly owner: string;
  /** The platform's word. */
  readonly status: string;
  readonly phase: SessionPhase;
  readonly clusterStatus: string;
  readonly analyses: readonly string[];
  /** ISO 8601, or empty. */
  readonly createdAt: string;
}

interface StatusChange {
  readonly status: string;
  /** ISO 8601, or empty. */
  readonly at: string;
  readonly reason: string;
}

export interface JobDetails extends Job, Partial<ExpectedEnd> {
  /** Oldest first. */
  readonly history: readonly StatusChange[];
  /** Only while it executes; empty before its machines are there. */
  readonly instances: readonly schema.Instance[];
  /** What the job itself was given; nothing: those of the owner's profile, which cannot be asked for. */
  readonly cidrRule: string | undefined;
  readonly publicKey: string | undefined;
}

interface ListRequest {
  /** Also those that have ended. */
  readonly all: boolean;
  readonly signal: AbortSignal;
}

/** Ids are letters and digits. */
export function isJobId(text: string): boolean {
  return /^[A-Za-z0-9]{1,32}$/.test(text);
}

/** Newest first. */
export async function listJobs(client: RescaleClient, { all, signal }: ListRequest): Promise<Listed<Job>> {
  const query = all ? {} : { state: 'not_completed' };
  const call = { what: 'list your jobs', path: 'v2/jobs/', query, signal };
  const { items, isCut } = await readPages(client, call, schema.jobRowSchema);
  // A job that is made meanwhile moves the others on: some come twice.
  const jobs = new Map(items.filter(({ id }) => isJobId(id)).map((row) => [row.id, jobOf(row)]));
  const wanted = [...jobs.values()].filter(({ phase }) => all || isLive(phase));
  return { items: wanted.sort((a, b) => b.createdAt.localeCompare(a.createdAt)), isCut };
}

function isLive(phase: SessionPhase): boolean {
  return phase !== 'ended' && phase !== 'failed';
}

function jobOf(row: schema.JobRow): Job {
  const status = row.jobStatus?.content || savedStatus;
  return {
    ...{ id: row.id, name: row.name, owner: row.owner, status, phase: phaseOf(status) },
    clusterStatus: row.clusterStatusDisplay?.content ?? '',
    analyses: row.analysisNames,
    createdAt: isoDate(row.dateInserted),
  };
}

/**
 * The job with this id, or else those of exactly this name, newest first: the live ones, or, when there are none, those that
 * have ended.
 */
export async function findJobs(
  client: RescaleClient,
  reference: string,
  signal: AbortSignal,
): Promise<readonly Job[]> {
  const byId = await describeJob(client, reference, signal);
  if (byId !== undefined) return [byId];
  for (const all of [false, true]) {
    const { items } = await listJobs(client, { all, signal });
    const named = items.filter(({ name }) => name === reference);
    if (named.length > 0) return named;
  }
  return [];
}

/** Nothing when there is none with this id, or it is not yours. */
export async function describeJob(
  client: RescaleClient,
  id: string,
  signal: AbortSignal,
): Promise<JobDetails | undefined> {
  if (!isJobId(id)) return undefined;
  const job = await undefinedIfMissing(
    client.json(
      { what: `look at job ${id}`, method: 'GET', path: `v2/jobs/${id}/`, signal },
      schema.jobSchema,
    ),
  );
  // Some gateways fold upper and lower case, and the answer would be about another job.
  if (job === undefined || job.id !== id) return undefined;
  const history = await jobHistory(client, id, signal);
  const status = history.at(-1)?.status ?? savedStatus;
  const instances = phaseOf(status) === 'ready' ? await jobInstances(client, id, signal) : [];
  return {
    ...{ id, name: job.name, owner: job.owner, status, history, instances },
    phase: phaseOf(status) === 'ready' && instances.length === 0 ? 'starting' : phaseOf(status),
    clusterStatus: '',
    analyses: job.jobanalyses.map(({ analysis }) => analysis.name ?? analysis.code),
    createdAt: isoDate(job.dateInserted) || (history[0]?.at ?? ''),
    cidrRule: job.cidrRule || undefined,
    publicKey: job.publicKey || undefined,
    ...(phaseOf(status) === 'ready' && endOf(job, history)),
  };
}

/** When its walltime is over. Of a job of several analyses, which run one after the other, it is not known. */
function endOf(
  { jobanalyses }: schema.JobDetailsRow,
  history: readonly StatusChange[],
): ExpectedEnd | undefined {
  const [analysis, ...others] = jobanalyses;
  const hours = analysis?.hardware?.walltime;
  const begun = history.find(({ status }) => phaseOf(status) === 'ready');
  if (typeof hours !== 'number' || begun === undefined || others.length > 0) return undefined;
  return expectedEnd(Date.parse(begun.at) + hours * 3_600_000, 'time-limit');
}

/** Oldest first, whatever order they come in. */
export async function jobHistory(
  client: RescaleClient,
  id: string,
  signal: AbortSignal,
): Promise<readonly StatusChange[]> {
  const call = { what: `read the status of job ${id}`, path: `v2/jobs/${id}/statuses/`, signal };
  const { items } = await readPages(client, call, schema.statusEntrySchema);
  return items
    .map(({ status, statusDate, statusReason }) => ({
      status,
      at: isoDate(statusDate),
      reason: statusReason ?? '',
    }))
    .sort((a, b) => a.at.localeCompare(b.at) || rankOf(a.status) - rankOf(b.status));
}

/** Empty until the job executes. */
export async function jobInstances(
  client: RescaleClient,
  id: string,
  signal: AbortSignal,
): Promise<readonly schema.Instance[]> {
  const call = { what: `look for the machines of job ${id}`, path: `v2/jobs/${id}/instances/`, signal };
  return (await readPages(client, call, schema.instanceSchema)).items;
}

/** Resolves when the platform has taken the wish: the job ends by and by. */
export async function stopJob(client: RescaleClient, id: string, signal: AbortSignal): Promise<void> {
  await client.discard({
    what: `stop job ${id}`,
    method: 'POST',
    path: `v2/jobs/${id}/stop/`,
    doubt: { words: 'it may end anyway', hint: `check with \`bai session info ${id}\`` },
    signal,
  });
}

/** Whose API key it is: an e-mail address. Rejects with a DeniedError when the key is refused. */
export async function accountOf(client: RescaleClient, signal: AbortSignal): Promise<SignedIn> {
  const call = { what: 'sign in', method: 'GET', path: 'v2/users/me/', signal } as const;
  const { email } = await client.json(call, schema.accountSchema);
  return { text: email, email };
}

/** The platform writes its dates with `Z` or with an offset. */
function isoDate(text: string): string {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? '' : new Date(ms).toISOString();
}
