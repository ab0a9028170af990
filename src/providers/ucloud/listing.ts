/** How jobs are shown to people. */

import type { Column } from '../../core/reporter.ts';
import type { SessionListing } from '../../core/session/provider.ts';
import { formatAge } from '../../core/text/units.ts';
import { nameProblem } from './job-actions.ts';
import type { JobSession } from './job-session.ts';
import { jobStates } from './jobs.ts';

const columns: readonly Column[] = [
  { title: 'NAME', least: 16 },
  { title: 'STATUS' },
  { title: 'APPLICATION', least: 12, gives: 'last' },
  { title: 'AGE', gives: 'last' },
  { title: 'LEFT', gives: 'last' },
  { title: 'SSH' },
  { title: 'ID', whole: true },
];

export const listing: SessionListing = {
  subject: 'APP',
  statuses: jobStates,
  columns,
  row: (job: JobSession, now) => [
    job.name,
    job.status,
    job.application,
    spanBetween(job.createdAt, now),
    job.expiresAt === '' ? undefined : formatAge(Date.parse(job.expiresAt) - now),
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
    ['created', job.createdAt],
    ['started', job.startedAt],
    ['ends', job.expiresAt],
    ['SSH', addressOf(job)],
    ...job.updates.map(({ at, state, status }) => [at, [state, status].filter(Boolean).join(' ')] as const),
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
