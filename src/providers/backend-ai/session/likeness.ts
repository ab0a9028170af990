/** What a session was made from, as far as managers tell: a request for another one like it. */

import * as z from 'zod/mini';
import { orNothing } from '../../../core/or-nothing.ts';
import type { Likeness } from '../../../core/session/creation.ts';
import { isInEverySession } from '../../../core/session/mounts.ts';
import type { CreateRequest } from '../../../core/session/provider.ts';
import type { SessionRef } from '../../../core/session/session.ts';
import { BaiError, NotFoundError } from '../../../errors.ts';
import type { Call, ManagerClient } from '../manager/client.ts';
import { type GraphqlCall, graphql } from '../manager/graphql.ts';
import { likeQuery } from '../manager/queries.ts';
import { environmentSchema, type LikeRow, likeRowSchema, slotsSchema } from '../manager/schema.ts';
import { memberOf } from '../offers/projects.ts';
import type { ComputeSessionRequest } from './compute-session.ts';
import { readPythonTexts } from './python-texts.ts';

export async function readLikeness(
  client: ManagerClient,
  session: SessionRef,
  signal: AbortSignal,
): Promise<Likeness> {
  const release = await client.release(signal);
  const query = likeQuery({ requestedSlots: release.atLeast(24, 3), priority: release.atLeast(24, 9) });
  const call: GraphqlCall = {
    ...{ what: `look up what session ${session.name} was made from`, query },
    ...{ variables: { id: session.id }, signal },
  };
  const [row, member, environment] = await Promise.all([
    graphql(client, call, 'compute_session', z.nullable(likeRowSchema)),
    orNothing(memberOf(client, signal)),
    environmentOf(client, session, signal),
  ]);
  if (row === null) {
    throw new NotFoundError(`there is no session ${session.name} any more`, {
      code: 'session-not-found',
      hint: '`bai session list --all` shows those there are',
    });
  }
  return {
    request: requestOf(row, { projects: member?.projects ?? [], environment }),
    unknown: unknownOf(row, environment, member),
  };
}

interface Beside {
  readonly projects: readonly { readonly id: string; readonly name: string }[];
  /** Nothing when it is not known any more. */
  readonly environment: Readonly<Record<string, string>> | undefined;
}

type Like = CreateRequest & Partial<Omit<ComputeSessionRequest, 'name'>>;

function requestOf(row: LikeRow, { projects, environment }: Beside): Like {
  // A single session tells the first letter of its project's name alone.
  const project = projects.find(({ id }) => id === row.group_id)?.name;
  const type = (['interactive', 'batch', 'inference', 'system'] as const).find(
    (each) => each === row.type.toLowerCase(),
  );
  const shmem = row.containers[0]?.resource_opts['shmem'];
  return {
    image: row.image,
    ...(row.architecture !== '' && { architecture: row.architecture }),
    ...(type !== undefined && { type }),
    ...(row.startup_command !== '' && { startupCommand: row.startup_command }),
    ...(project !== undefined && { project }),
    ...(row.tag !== '' && { tag: row.tag }),
    // What nobody asks for is no wish.
    ...(typeof row.priority === 'number' && row.priority !== usualPriority && { priority: row.priority }),
    ...(row.domain_name !== '' && { domain: row.domain_name }),
    ...(row.scaling_group !== '' && { resourceGroup: row.scaling_group }),
    clusterSize: row.cluster_size,
    clusterMode: /multi/i.test(row.cluster_mode) ? 'multi-node' : 'single-node',
    mounts: Object.fromEntries(foldersOf(row).map((name) => [name, ''])),
    resources: slotsOf(row),
    ...(shmem !== undefined && { resourceOptions: { shmem: String(shmem) } }),
    ...(environment !== undefined && { environment }),
    preopenPorts: row.containers[0]?.preopen_ports ?? [],
  };
}

/** Of sessions that were made without one. */
const usualPriority = 10;

/** Those whose names begin with a dot are in every session without being asked for. */
function foldersOf({ mounts }: LikeRow): string[] {
  return mounts.filter((name) => !isInEverySession(name));
}

/** Of one container. What a session holds is gone from 24.03 on when it has ended; what it asked for is that of all its containers. */
function slotsOf(row: LikeRow): Record<string, string> {
  const held = amountsOf(row.containers[0]?.occupied_slots);
  if (Object.keys(held).length > 0) return held;
  const asked = Object.entries(amountsOf(row.requested_slots));
  return Object.fromEntries(asked.map(([slot, amount]) => [slot, String(Number(amount) / row.cluster_size)]));
}

function amountsOf(slots: unknown): Record<string, string> {
  const parsed = slotsSchema.safeParse(slots);
  const amounts = Object.entries(parsed.success ? parsed.data : {});
  return Object.fromEntries(
    amounts.filter(([, amount]) => Number(amount) > 0).map(([slot, amount]) => [slot, String(amount)]),
  );
}

function unknownOf(
  row: LikeRow,
  environment: Beside['environment'],
  member: Pick<Beside, 'projects'> | undefined,
): string[] {
  const isInProject = member?.projects.some(({ id }) => id === row.group_id) === true;
  return [
    ...(isInProject
      ? []
      : ['its project is not known, or not one of yours; --project says another than yours']),
    ...(environment === undefined ? ['its environment is not known any more; -e NAME=VALUE sets one'] : []),
    ...(foldersOf(row).length === 0
      ? []
      : [
          'where its folders were mounted is not known: they go into the home; -m FOLDER=PATH says another place',
        ]),
  ];
}

/** Managers tell it of live sessions alone, and as Python prints it. */
async function environmentOf(
  client: ManagerClient,
  { id, name }: SessionRef,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>> | undefined> {
  const call: Call = {
    what: `look up the environment of session ${name}`,
    method: 'GET',
    path: `session/${encodeURIComponent(id)}`,
    signal,
  };
  try {
    return readPythonTexts((await client.json(call, environmentSchema)).environ);
  } catch (error) {
    if (error instanceof NotFoundError || (error instanceof BaiError && error.code === 'forbidden'))
      return undefined;
    throw error;
  }
}
