/** Jobs of the token's workspace: lists and look-ups. */

import { sanitizeLine } from '../../core/text/sanitize.ts';
import { UsageError } from '../../errors.ts';
import type { Call, UcloudClient } from './client.ts';
import { isJobId, type Job, jobOf } from './job.ts';
import { allPages } from './pages.ts';
import { isProblem } from './problem.ts';
import { jobSchema } from './schema.ts';

/** `live`: all that have not ended. */
type JobStates = 'live' | 'all' | readonly string[];

export const jobStates = ['IN_QUEUE', 'RUNNING', 'SUSPENDED', 'SUCCESS', 'FAILURE', 'EXPIRED'] as const;
const liveStates = ['IN_QUEUE', 'RUNNING', 'SUSPENDED'] as const;

/** Newest first. Throws a UsageError for a word that is no state: UCloud would answer it with an empty list. */
export async function listJobs(
  client: UcloudClient,
  states: JobStates,
  signal: AbortSignal,
): Promise<readonly Job[]> {
  if (states === 'all') return browse(client, undefined, signal);
  const wanted = states === 'live' ? liveStates : [...new Set(states.map(checkState))];
  // It takes one state at a time; those who have thousands of jobs behind them are not to read them all.
  const lists = await Promise.all(wanted.map((state) => browse(client, state, signal)));
  // One that moved on meanwhile is in two lists: the later state is the newer one.
  const byId = new Map(lists.flat().map((job) => [job.id, job]));
  return [...byId.values()].sort(newestFirst);
}

function checkState(word: string): string {
  const state = word.toUpperCase();
  if (jobStates.some((known) => known === state)) return state;
  throw new UsageError(`UCloud knows no state ${sanitizeLine(word)}`, {
    hint: `states: ${jobStates.join(', ')}`,
  });
}

/** Of the same moment the higher number is the newer one. */
function newestFirst(a: Job, b: Job): number {
  return b.createdAt - a.createdAt || b.id.length - a.id.length || (b.id > a.id ? 1 : -1);
}

async function browse(client: UcloudClient, state: string | undefined, signal: AbortSignal): Promise<Job[]> {
  const call: Call = {
    ...{ what: 'list your jobs', method: 'GET', path: 'api/jobs/browse', signal },
    query: { ...included, ...(state !== undefined && { filterState: state }) },
  };
  return (await allPages(client, call, jobSchema)).map(jobOf);
}

/** Without the application, one that always has SSH looks like one that has none. */
const included = { includeUpdates: 'true', includeApplication: 'true' };

/** The job with this id, or else all with exactly this name, newest first; ended ones, too. */
export async function findJobs(
  client: UcloudClient,
  reference: string,
  signal: AbortSignal,
): Promise<readonly Job[]> {
  if (isJobId(reference)) {
    const job = await retrieveJob(client, reference, signal);
    if (job !== undefined) return [job];
  }
  // UCloud looks for what contains the text, in any case, also in ids and names of applications.
  const call: Call = {
    ...{
      what: `look for job ${reference}`,
      method: 'POST',
      path: 'api/jobs/search',
      readsOnly: true,
      signal,
    },
    body: { query: reference, includeUpdates: true, includeApplication: true },
  };
  const found = await allPages(client, call, jobSchema);
  return found.map(jobOf).filter(({ name }) => name === reference);
}

/** Nothing when there is none, or it is not of this workspace: UCloud does not tell them apart. */
export async function retrieveJob(
  client: UcloudClient,
  id: string,
  signal: AbortSignal,
): Promise<Job | undefined> {
  const query = { id, ...included };
  const call: Call = { what: `look for job ${id}`, method: 'GET', path: 'api/jobs/retrieve', query, signal };
  try {
    return jobOf(await client.json(call, jobSchema));
  } catch (error) {
    if (isNotThere(error)) return undefined;
    throw error;
  }
}

/** A 403 that is not about the token, which the client has asked about. */
function isNotThere(error: unknown): boolean {
  if (!isProblem(error) || error.code === 'auth-failed' || !error.cause.isUclouds) return false;
  return error.cause.status === 403 || error.cause.status === 404;
}
