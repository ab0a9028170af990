/** How Rescale's jobs are shown to people. */

import { endFact } from '../../core/session/expected-end.ts';
import type { SessionListing } from '../../core/session/listing.ts';
import { shownTime } from '../../core/text/shown-time.ts';
import { controlCharacterProblem } from '../../core/text/text-check.ts';
import { formatAge } from '../../core/text/units.ts';
import { BaiError } from '../../errors.ts';
import { headNodeAddress } from './head-node.ts';
import { statusWords } from './phase.ts';
import type { RescaleJob, RescaleJobDetails } from './rescale-job.ts';

export const listing: SessionListing = {
  subject: 'ANALYSIS',
  statuses: statusWords,
  columns: [
    { title: 'NAME', field: 'name', least: 16 },
    { title: 'STATUS', field: 'status' },
    { title: 'ANALYSIS', field: 'analyses', least: 12, gives: 'last' },
    { title: 'CLUSTER', field: 'clusterStatus', gives: 'first' },
    { title: 'AGE', field: 'createdAt', gives: 'last', ticks: true, isReversed: true },
    { title: 'ID', field: 'id', whole: true },
    { title: 'OWNER', field: 'owner', onlyWith: 'all-users' },
  ],
  fields: ['phase', 'provider'] satisfies readonly (keyof RescaleJob)[],
  fieldWords: { image: 'analyses' },
  row: (job: RescaleJob, now) => [
    job.name,
    job.status,
    job.analyses.join(', '),
    job.clusterStatus,
    ageOf(job, now),
    job.id,
    job.owner,
  ],
  facts: (job: RescaleJobDetails) => [
    ['name', job.name],
    ['id', job.id],
    ['status', job.statusInfo === '' ? job.status : `${job.status} (${job.statusInfo})`],
    ['owner', job.owner],
    ['analysis', job.analyses.join(', ')],
    ['machines', job.instances.length === 0 ? '' : String(job.instances.length)],
    ['may connect', job.cidrRule ?? ''],
    ['created', shownTime(job.createdAt)],
    ['ends', endFact(job, Date.now())],
    ...waysIn(job),
    ['since', shownTime(job.history.at(-1)?.at ?? '')],
  ],
  reasonOf: ({ statusInfo }: RescaleJobDetails) => statusInfo,
  nameProblem: (name) => (name.trim() === '' ? 'it is empty' : controlCharacterProblem(name)),
};

/** As the vendor's documents have them: nothing of bai is needed to get in. */
function waysIn({ id, instances }: RescaleJobDetails): readonly (readonly [string, string])[] {
  try {
    const { user, host, port } = headNodeAddress(id, instances);
    return [
      ['ssh', `ssh -p ${port} ${user}@${host}`],
      ['PuTTY', `putty -ssh -P ${port} ${user}@${host}`],
    ];
  } catch (error) {
    if (error instanceof BaiError) return [];
    throw error;
  }
}

function ageOf({ createdAt }: RescaleJob, now: number): string | undefined {
  const created = Date.parse(createdAt);
  return Number.isNaN(created) ? undefined : formatAge(now - created);
}
