/** How Rescale's jobs are shown to people. */

import type { SessionListing } from '../../core/session/provider.ts';
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
    ...waysIn(job),
    ['since', job.history.at(-1)?.at ?? ''],
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
