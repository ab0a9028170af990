/** A job as the rest of bai sees it: a session, with what is Rescale's own beside it. */

import type { SessionDetails, SessionSummary } from '../../core/session/session.ts';
import type { Job, JobDetails } from './jobs.ts';
import { savedStatus } from './phase.ts';

/** Its name is the id where the job has none. */
export type RescaleJob = SessionSummary & Job & { readonly provider: 'rescale' };

export type RescaleJobDetails = SessionDetails & JobDetails & Pick<RescaleJob, 'provider'>;

export function rescaleJob<J extends Job>(job: J): J & Pick<RescaleJob, 'provider'> {
  return { ...job, ...(job.name === '' && { name: job.id }), provider: 'rescale' };
}

export function rescaleJobDetails(job: JobDetails): RescaleJobDetails {
  return { ...rescaleJob(job), statusInfo: infoOf(job) };
}

function infoOf({ status, phase, history }: JobDetails): string {
  if (status === savedStatus) return 'it was not submitted: Rescale starts it when it is';
  const reason = history.at(-1)?.reason ?? '';
  return reason === '' && phase === 'starting' && status === 'Executing'
    ? 'its machines are not listed yet'
    : reason;
}
