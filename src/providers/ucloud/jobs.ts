/** Jobs of the token's workspace: lists, look-ups and what is done to one. */

import * as z from 'zod/mini';
import { sanitizeLine } from '../../core/text/sanitize.ts';
import { BaiError, ConflictError, DeniedError, type Doubt, NotFoundError, UsageError } from '../../errors.ts';
import type { UcloudClient } from './client.ts';
import { durationOf, hasEnded, isJobId, type Job, jobOf } from './job.ts';
import { allPages } from './pages.ts';
import { isProblem } from './problem.ts';
import { jobSchema } from './schema.ts';

/** `live`: all that have not ended. */
export type JobStates = 'live' | 'all' | readonly string[];

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
  // One that moved on meanwhile is in two lists: the later word is the newer one.
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

function newestFirst(a: Job, b: Job): number {
  return b.createdAt - a.createdAt || Number(BigInt(b.id) - BigInt(a.id));
}

async function browse(client: UcloudClient, state: string | undefined, signal: AbortSignal): Promise<Job[]> {
  const query = {
    includeUpdates: 'true',
    // Without it an application that always has SSH looks like one that has none.
    includeApplication: 'true',
    ...(state !== undefined && { filterState: state }),
  };
  const call = { what: 'list your jobs', method: 'GET', path: 'api/jobs/browse', query, signal } as const;
  return (await allPages(client, call, jobSchema)).map(jobOf);
}

/**
 * The job with this id, or else all with exactly this name, newest first, ended ones included.
 */
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
  const call = {
    ...{
      what: `look for job ${reference}`,
      method: 'POST',
      path: 'api/jobs/search',
      readsOnly: true,
      signal,
    },
    body: { query: reference, includeUpdates: true, includeApplication: true },
  } as const;
  const found = await allPages(client, call, jobSchema);
  return found.map(jobOf).filter(({ name }) => name === reference);
}

/** Nothing when there is none, or it is not of this workspace: UCloud does not tell them apart. */
export async function retrieveJob(
  client: UcloudClient,
  id: string,
  signal: AbortSignal,
): Promise<Job | undefined> {
  const call = {
    ...{ what: `look for job ${id}`, method: 'GET', path: 'api/jobs/retrieve', signal },
    query: { id, includeUpdates: 'true', includeApplication: 'true' },
  } as const;
  try {
    return jobOf(await client.json(call, jobSchema));
  } catch (error) {
    // The token is accepted, or the error would say so.
    if (isProblem(error) && error.cause.isUclouds && [403, 404].includes(error.cause.status)) {
      if (error.code === 'auth-failed') throw error;
      return undefined;
    }
    throw error;
  }
}

/** What one job is called in messages. */
export type NamedJob = Pick<Job, 'id' | 'name'>;

export function labelOfJob({ id, name }: NamedJob): string {
  return name === '' ? id : name;
}

const bulkSchema = z.object({ responses: z.optional(z.nullable(z.array(z.unknown()))) });

interface Operation {
  readonly verb: string;
  readonly operation: string;
  readonly item: Readonly<Record<string, unknown>>;
  readonly doubt: string;
}

/** The job afterwards. The provider acts when it gets to it: the answer only says that it was asked. */
async function act(
  client: UcloudClient,
  job: NamedJob,
  { verb, operation, item, doubt, signal }: Operation & { readonly signal: AbortSignal },
): Promise<Job> {
  const call = {
    ...{ what: `${verb} job ${labelOfJob(job)}`, method: 'POST', path: `api/jobs/${operation}`, signal },
    body: { items: [item] },
    doubt: doubtOf(job, doubt),
  } as const;
  try {
    await client.json(call, bulkSchema);
  } catch (error) {
    if (isProblem(error) && error.cause.isUclouds && error.cause.status === 404) throw notYours(job);
    throw error;
  }
  return readBack(client, job, signal);
}

async function readBack(client: UcloudClient, job: NamedJob, signal: AbortSignal): Promise<Job> {
  const now = await retrieveJob(client, job.id, signal);
  if (now === undefined) throw notYours(job);
  return now;
}

function doubtOf({ id }: NamedJob, words: string): Doubt {
  return { words, hint: `\`bai session info ${id}\` tells`, details: { id } };
}

export function notYours(job: NamedJob): NotFoundError {
  return new NotFoundError(`there is no job ${labelOfJob(job)} in this workspace, or you may not change it`, {
    code: 'session-not-found',
    hint: 'an API token knows the jobs of the workspace it was made in: use one of the workspace that has the job',
    details: { id: job.id },
  });
}

/** Still running in UCloud's words until its provider has ended it; then its state is `SUCCESS`. */
export async function terminateJob(client: UcloudClient, job: NamedJob, signal: AbortSignal): Promise<Job> {
  const after = await act(client, job, {
    ...{ verb: 'terminate', operation: 'terminate', item: { id: job.id }, signal },
    doubt: 'it may end all the same',
  });
  return hasEnded(after.phase) ? after : { ...after, phase: 'ending' };
}

/** Its port is given up. Only virtual machines can be, says UCloud's documentation; its providers decide. */
export function suspendJob(client: UcloudClient, job: NamedJob, signal: AbortSignal): Promise<Job> {
  return act(client, job, {
    ...{ verb: 'suspend', operation: 'suspend', item: { id: job.id }, signal },
    doubt: 'it may be suspended all the same',
  });
}

/** It gets another port. */
export function resumeJob(client: UcloudClient, job: NamedJob, signal: AbortSignal): Promise<Job> {
  return act(client, job, {
    ...{ verb: 'resume', operation: 'unsuspend', item: { id: job.id }, signal },
    doubt: 'it may go on all the same',
  });
}

/** `byMs` more, in whole minutes. Throws a BaiError for a job that runs without a limit, and for one that has ended. */
export async function extendJob(
  client: UcloudClient,
  job: Job,
  { byMs, signal }: { readonly byMs: number; readonly signal: AbortSignal },
): Promise<Job> {
  if (byMs <= 0) throw new UsageError('a job can only be extended by some time, such as 2h');
  if (hasEnded(job.phase)) {
    throw new ConflictError(`job ${labelOfJob(job)} has ended: it cannot be extended`, {
      code: 'session-ended',
      hint: 'start a new one: `bai session create`',
    });
  }
  if (job.allocationMs === undefined) {
    throw new BaiError(`job ${labelOfJob(job)} has no limit of time: there is nothing to extend`, {
      code: 'refused',
      hint: 'it runs until it is terminated',
    });
  }
  return act(client, job, {
    ...{ verb: 'extend', operation: 'extend', signal },
    item: { jobId: job.id, requestedTime: durationOf(byMs) },
    doubt: 'it may have been extended',
  });
}

/** UCloud answers alike whether it renames a job or refuses to: what it is called afterwards is looked at. */
export async function renameJob(
  client: UcloudClient,
  job: NamedJob,
  { name, signal }: { readonly name: string; readonly signal: AbortSignal },
): Promise<Job> {
  checkJobName(name);
  const call = {
    ...{ what: `rename job ${labelOfJob(job)}`, method: 'POST', path: 'api/jobs/rename', signal },
    body: { items: [{ id: job.id, newTitle: name }] },
    doubt: doubtOf(job, 'it may have its new name'),
  } as const;
  await client.done(call);
  const after = await readBack(client, job, signal);
  if (after.name === name) return after;
  throw new DeniedError(
    `UCloud did not rename job ${labelOfJob(job)}: it is still called ${labelOfJob(after)}`,
    {
      code: 'forbidden',
      hint: 'who has made the job, or leads its project, may rename it',
      details: { id: job.id, name: after.name },
    },
  );
}

/** Throws a UsageError. UCloud takes any text of one line; a rename takes even more, and a list would show it in pieces. */
export function checkJobName(name: string): void {
  const problem = nameProblem(name);
  if (problem === undefined) return;
  throw new UsageError(`a job cannot be called "${sanitizeLine(name.slice(0, 100))}": ${problem}`, {
    hint: 'choose another name',
  });
}

const longestName = 1024;

function nameProblem(name: string): string | undefined {
  if (name === '') return 'it would have no name';
  if (sanitizeLine(name) !== name) return 'control characters and what is not seen cannot be part of it';
  if (name !== name.trim()) return 'UCloud takes blanks at the ends away';
  return Buffer.byteLength(name) > longestName ? `it is longer than ${longestName} bytes` : undefined;
}
