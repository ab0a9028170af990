/** How Rescale's jobs are shown to people. */

import type { SessionListing } from '../../core/session/provider.ts';
import { controlCharacterProblem } from '../../core/text/text-check.ts';
import { formatAge } from '../../core/text/units.ts';
import { statusWords } from './phase.ts';
import type { RescaleJob, RescaleJobDetails } from './rescale-job.ts';

export const listing: SessionListing = {
  statuses: statusWords,
  columns: [
    { title: 'NAME', least: 16 },
    { title: 'STATUS' },
    { title: 'ANALYSIS', least: 12, gives: 'last' },
    { title: 'CLUSTER', gives: 'first' },
    { title: 'AGE', gives: 'last' },
    { title: 'ID', whole: true },
  ],
  row: (job: RescaleJob, now) => [
    job.name,
    job.status,
    job.analyses.join(', '),
    job.clusterStatus,
    ageOf(job, now),
    job.id,
  ],
  ownerOf: ({ owner }: RescaleJob) => owner,
  facts: (job: RescaleJobDetails) => [
    ['name', job.name],
    ['id', job.id],
    ['status', job.statusInfo === '' ? job.status : `${job.status} (${job.statusInfo})`],
    ['owner', job.owner],
    ['analysis', job.analyses.join(', ')],
    ['machines', job.instances.length === 0 ? '' : String(job.instances.length)],
    ['may connect', job.cidrRule ?? ''],
    ['created', job.createdAt],
    ...job.history.map(({ at, status }) => [status, at] as const),
  ],
  reasonOf: ({ statusInfo }: RescaleJobDetails) => statusInfo,
  nameProblem: (name) => (name.trim() === '' ? 'it is empty' : controlCharacterProblem(name)),
};

function ageOf({ createdAt }: RescaleJob, now: number): string | undefined {
  const created = Date.parse(createdAt);
  return Number.isNaN(created) ? undefined : formatAge(now - created);
}
