/** What a request for a job would come to, for people and for `--json`; nothing is made. */

import type { CreatePlan } from '../../core/session/creation.ts';
import type { UcloudClient } from './client.ts';
import { type JobRequest, jobItem } from './create-job.ts';
import { durationMs } from './job.ts';

interface JobPlan extends CreatePlan {
  /** `CATEGORY/ID@PROVIDER` */
  readonly product: string;
  readonly nodes: number;
  readonly folders: readonly string[];
  /** Names alone: values may be secrets. */
  readonly parameters: readonly string[];
  /** `null`: until it is ended. */
  readonly timeMs: number | null;
}

export async function planJob(
  client: UcloudClient,
  request: JobRequest,
  signal: AbortSignal,
): Promise<JobPlan> {
  const { application, product, replicas: nodes, ...item } = await jobItem(client, request, signal);
  const plan = {
    ...(item.name !== undefined && { name: item.name }),
    image: `${application.name}:${application.version}`,
    product: `${product.category}/${product.id}@${product.provider}`,
    nodes,
    folders: item.resources.map(({ path }) => path),
    parameters: Object.keys(item.parameters),
    timeMs: item.timeAllocation === undefined ? null : durationMs(item.timeAllocation),
  };
  const { timeMs } = plan;
  return {
    ...plan,
    facts: [
      ['name', plan.name ?? ''],
      ['application', plan.image],
      ['product', plan.product],
      ['nodes', String(nodes)],
      ['time', timeMs === null ? 'until it is ended' : `${Math.round(timeMs / 60_000)} min`],
      ['folders', plan.folders.join(', ')],
      ['parameters', plan.parameters.join(', ')],
    ],
  };
}
