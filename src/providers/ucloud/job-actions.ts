/** What is done to a job: UCloud says that it has heard, and what became of it is looked at. */

import * as z from 'zod/mini';
import { sanitizeLine } from '../../core/text/sanitize.ts';
import { BaiError, ConflictError, DeniedError, type Doubt, NotFoundError, UsageError } from '../../errors.ts';
import type { Call, UcloudClient } from './client.ts';
import { durationOf, hasEnded, type Job } from './job.ts';
import { retrieveJob } from './jobs.ts';
import { isProblem } from './problem.ts';

/** What is needed to name one in messages. */
type NamedJob = Pick<Job, 'id' | 'name'>;

export function labelOfJob({ id, name }: NamedJob): string {
  return name === '' ? id : name;
}

/** Still `RUNNING` in UCloud's words until its provider has ended it; then it is a `SUCCESS`. */
export async function terminateJob(client: UcloudClient, job: NamedJob, signal: AbortSignal): Promise<Job> {
  const after = await act(client, job, {
    ...{ verb: 'terminate', operation: 'terminate', item: { id: job.id }, signal },
    doubt: 'it may end anyway',
  });
  return hasEnded(after.phase) ? after : { ...after, phase: 'ending' };
}

/** Its port is given up. UCloud's documentation says that only virtual machines can be; its providers decide. */
export function suspendJob(client: UcloudClient, job: NamedJob, signal: AbortSignal): Promise<Job> {
  return act(client, job, {
    ...{ verb: 'suspend', operation: 'suspend', item: { id: job.id }, signal },
    doubt: 'it may be suspended anyway',
  });
}

/** It gets another port. */
export function resumeJob(client: UcloudClient, job: NamedJob, signal: AbortSignal): Promise<Job> {
  return act(client, job, {
    ...{ verb: 'resume', operation: 'unsuspend', item: { id: job.id }, signal },
    doubt: 'it may go on anyway',
  });
}

interface Extension {
  /** Rounded up to whole minutes. */
  readonly byMs: number;
  readonly signal: AbortSignal;
}

/** Throws a BaiError for a job that runs without a limit, and for one that has ended. */
export async function extendJob(client: UcloudClient, job: Job, { byMs, signal }: Extension): Promise<Job> {
  if (!(byMs > 0)) throw new UsageError('a job can only be extended by some time, such as 2h');
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

interface Renaming {
  readonly name: string;
  readonly signal: AbortSignal;
}

/** UCloud answers alike whether it renames a job or refuses to: what it is called afterwards counts. */
export async function renameJob(
  client: UcloudClient,
  job: NamedJob,
  { name, signal }: Renaming,
): Promise<Job> {
  checkJobName(name);
  const call: Call = {
    ...{ what: `rename job ${labelOfJob(job)}`, method: 'POST', path: 'api/jobs/rename', signal },
    body: { items: [{ id: job.id, newTitle: name }] },
    doubt: doubtOf(job, 'it may have its new name'),
  };
  await client.done(call);
  const after = await readBack(client, job, signal);
  if (after.name === name) return after;
  throw new DeniedError(`UCloud did not rename job ${job.id}: it is still called "${after.name}"`, {
    code: 'forbidden',
    hint: 'only whoever created the job, or leads its project, may rename it',
    details: { id: job.id, name: after.name },
  });
}

interface Operation {
  readonly verb: string;
  readonly operation: string;
  readonly item: Readonly<Record<string, unknown>>;
  readonly doubt: string;
  readonly signal: AbortSignal;
}

/** The job afterwards. Its provider acts when it gets to it: the answer only says that it was asked. */
async function act(client: UcloudClient, job: NamedJob, asked: Operation): Promise<Job> {
  const { verb, operation, item, doubt, signal } = asked;
  const call: Call = {
    ...{ what: `${verb} job ${labelOfJob(job)}`, method: 'POST', path: `api/jobs/${operation}`, signal },
    body: { items: [item] },
    doubt: doubtOf(job, doubt),
  };
  try {
    await client.json(call, z.object({ responses: z.optional(z.nullable(z.array(z.unknown()))) }));
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
  return { words, hint: `check with \`bai session info ${id}\``, details: { id } };
}

/** UCloud says the same of a job that is not there and of somebody else's. */
function notYours(job: NamedJob): NotFoundError {
  return new NotFoundError(`there is no job ${labelOfJob(job)} in this workspace, or you may not change it`, {
    code: 'session-not-found',
    hint: 'an API token knows the jobs of the workspace it was made in: use one of the workspace that has the job',
    details: { id: job.id },
  });
}

const longestName = 1024;

/** Throws a UsageError. UCloud takes any text of one line for a new job, and any text at all for a rename. */
export function checkJobName(name: string): void {
  const problem = nameProblem(name);
  if (problem === undefined) return;
  throw new UsageError(`a job cannot be called "${sanitizeLine(name.slice(0, 100))}": ${problem}`, {
    hint: 'choose another name',
  });
}

/** Why a text cannot be a job's name; nothing when it can. */
export function nameProblem(name: string): string | undefined {
  if (name.trim() === '') return 'it would have no name';
  if (sanitizeLine(name) !== name) return 'it contains invisible characters';
  if (name !== name.trim()) return 'it begins or ends with a space';
  return Buffer.byteLength(name) > longestName ? `it is longer than ${longestName} bytes` : undefined;
}
