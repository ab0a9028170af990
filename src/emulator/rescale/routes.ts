/** The calls that the emulated platform knows: those that its vendor's own clients make. */

import type { Answer } from '../server/answer.ts';
import { ok } from '../server/answer.ts';
import { analyses, coreTypes } from './catalog.ts';
import { letters } from './cluster-node.ts';
import { jobSpecOf } from './create-job.ts';
import type { Exchange, Route } from './exchange.ts';
import type { Job } from './job.ts';
import { pageOf } from './paging.ts';
import { notFound, refused } from './refusals.ts';
import { clusterStatusesOf, instancesOf, jobOf, rowOf, statusesOf } from './shapes.ts';

type Version = 'v2' | 'v3';

const versions = ['v2', 'v3'] as const;

export const routes: readonly Route[] = versions.flatMap((version) => [
  get(version, 'users/me/', ({ account: { email } }) =>
    ok({ email, fullName: '', company: { code: 'local' }, workspace: { id: 'local', name: 'local' } }),
  ),
  get(version, 'users/me/projects/', (exchange) => pageOf(exchange, [])),
  get(version, 'coretypes/', (exchange) => pageOf(exchange, coreTypesOf(exchange))),
  get(version, 'analyses/', (exchange) => pageOf(exchange, analyses)),
  get(version, 'jobs/', (exchange) => pageOf(exchange, listed(exchange).map(rowOf))),
  post(version, 'jobs/', (exchange) => created(exchange, version)),
  get(version, 'jobs/{}/', (exchange) => ok(jobOf(jobIn(exchange), version))),
  post(version, 'jobs/{}/submit/', (exchange) => submitted(jobIn(exchange))),
  post(version, 'jobs/{}/stop/', (exchange) => stopped(jobIn(exchange))),
  { method: 'DELETE', path: pathOf(version, 'jobs/{}/'), handle: removed },
  get(version, 'jobs/{}/statuses/', (exchange) => pageOf(exchange, statusesOf(jobIn(exchange).statuses))),
  get(version, 'jobs/{}/cluster_statuses/', (exchange) =>
    pageOf(exchange, clusterStatusesOf(jobIn(exchange).clusterStatuses)),
  ),
  get(version, 'jobs/{}/instances/', (exchange) => pageOf(exchange, instancesOf(jobIn(exchange)))),
  // Its shape is not known, and nobody is to count on one.
  get(version, 'jobs/{}/connection_details/', (exchange) => ok(jobIn(exchange) && {})),
  get(version, 'jobs/{}/files/', (exchange) => pageOf(exchange, jobIn(exchange) && [])),
  get(version, 'jobs/{}/runs/', (exchange) => pageOf(exchange, jobIn(exchange) && [])),
  post(version, 'files/contents/', uploaded),
]);

function pathOf(version: Version, path: string): string {
  return `/api/${version}/${path}`;
}

function get(version: Version, path: string, handle: Route['handle']): Route {
  return { method: 'GET', path: pathOf(version, path), handle };
}

function post(version: Version, path: string, handle: Route['handle']): Route {
  return { method: 'POST', path: pathOf(version, path), handle };
}

function jobIn({ platform, account, captured }: Exchange): Job {
  const job = platform.find(captured[0] ?? '', account);
  if (job === undefined) throw notFound();
  return job;
}

/** `v3` has no prices. */
function coreTypesOf({ path, query }: Exchange): unknown[] {
  const all = coreTypes.filter(({ isDeprecated }) => query.get('isActive') !== 'true' || !isDeprecated);
  if (path.startsWith('/api/v2/')) return all;
  return all.map(({ price: _price, lowPriorityPrice: _low, ...rest }) => rest);
}

function listed({ platform, account, query }: Exchange): readonly Job[] {
  const state = query.get('state');
  const status = query.get('job_status');
  return platform
    .of(account)
    .filter((job) => state === null || job.hasEnded === (state === 'completed'))
    .filter((job) => status === null || job.status.toUpperCase().replaceAll(' ', '_') === status);
}

function created({ platform, account, body }: Exchange, version: Version): Answer {
  const job = platform.create(jobSpecOf(body, account, version));
  return ok(jobOf(job, version), 201);
}

function submitted(job: Job): Answer {
  job.submit();
  return ok({});
}

function stopped(job: Job): Answer {
  void job.stop();
  return { status: 202 };
}

async function removed(exchange: Exchange): Promise<Answer> {
  const job = jobIn(exchange);
  if (job.status !== '' && !job.hasEnded) throw refused(400, 'The cluster of this job is running.');
  await exchange.platform.remove(job);
  return { status: 204 };
}

function uploaded({ body }: Exchange): Answer {
  return ok({ id: letters(6), name: 'file', decryptedSize: body.length, isUploaded: true }, 201);
}
