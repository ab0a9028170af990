/** How jobs are shown to people. */

import { endCell, endFact } from '../../core/session/expected-end.ts';
import type { SessionColumn, SessionListing } from '../../core/session/listing.ts';
import { shownTime } from '../../core/text/shown-time.ts';
import { formatAge } from '../../core/text/units.ts';
import { nameProblem } from './job-actions.ts';
import type { JobSession } from './job-session.ts';
import { jobStates } from './jobs.ts';

const columns: readonly SessionColumn[] = [
  { title: 'NAME', field: 'name', least: 16 },
  { title: 'STATUS', field: 'status' },
  { title: 'APPLICATION', field: 'application', least: 12, gives: 'last' },
  { title: 'AGE', field: 'createdAt', gives: 'last', ticks: true, isReversed: true },
  { title: 'ENDS', field: 'endsAt', gives: 'last', hidesEmpty: true, ticks: true },
  { title: 'SSH', field: 'ssh' },
  { title: 'ID', field: 'id', whole: true },
];

const fields: readonly (keyof JobSession)[] = [
  ...(['statusInfo', 'provider', 'product', 'nodes', 'workspace', 'createdBy'] as const),
  ...(['startedAt', 'expiresAt', 'sshAddress', 'updates'] as const),
];

export const listing: SessionListing = {
  subject: 'APP',
  statuses: jobStates,
  columns,
  fields,
  fieldWords: { project: 'workspace', app: 'application', image: 'application', owner: 'createdBy' },
  row: (job: JobSession, now) => [
    job.name,
    job.status,
    job.application,
    spanBetween(job.createdAt, now),
    endCell(job, now),
    job.ssh,
    job.id,
  ],
  facts: (job: JobSession) => [
    ['name', job.name],
    ['id', job.id],
    ['status', job.statusInfo === '' ? job.status : `${job.status} (${job.statusInfo})`],
    ['application', job.application],
    ['product', job.product],
    ['nodes', String(job.nodes)],
    ['made by', job.createdBy],
    ['workspace', job.workspace],
    ['created', shownTime(job.createdAt)],
    ['started', shownTime(job.startedAt)],
    ['ends', endFact(job, Date.now()) || shownTime(job.expiresAt)],
    ['SSH', addressOf(job)],
    ...job.updates.map(
      ({ at, state, status }) => [shownTime(at), [state, status].filter(Boolean).join(' ')] as const,
    ),
  ],
  reasonOf: (job: JobSession) => job.updates.findLast(({ status }) => status !== '')?.status ?? '',
  nameProblem,
};

function spanBetween(from: string, now: number): string | undefined {
  const begun = Date.parse(from);
  return Number.isNaN(begun) ? undefined : formatAge(now - begun);
}

function addressOf({ ssh, sshAddress }: JobSession): string {
  if (sshAddress === null) return ssh === '?' ? '' : ssh;
  const { user, host, port } = sshAddress;
  return `${user}@${host}, port ${port}`;
}
