/** From a GraphQL row to a session; what a row lacks becomes an empty value. */

import { type SessionRow, servicePortsSchema, slotsSchema } from '../manager/schema.ts';
import { phaseOf } from '../manager/states.ts';
import type { ComputeSession, ComputeSessionDetails } from './compute-session.ts';
import { endOfChecks } from './idle-checks.ts';

export function summaryOf(row: SessionRow): ComputeSession {
  const slots = slotsSchema.safeParse(row.occupying_slots);
  const services = servicePortsSchema.safeParse(row.service_ports);
  return {
    id: row.session_id ?? row.id ?? '',
    name: row.name,
    status: row.status,
    statusInfo: row.status_info,
    type: row.type.toLowerCase(),
    image: row.image,
    project: row.group_name,
    resourceGroup: row.scaling_group,
    accessKey: row.access_key,
    nodes: row.cluster_size ?? 1,
    createdAt: row.created_at,
    terminatedAt: row.terminated_at,
    ...(phaseOf(row.status) === 'ready' && endOfChecks(row.idle_checks, Date.now())),
    provider: 'backend.ai',
    resources: slots.success ? textValues(slots.data) : {},
    services: services.success
      ? services.data.map((port) => ({
          name: port.name,
          protocol: port.protocol,
          ports: port.container_ports ?? port.ports ?? [],
        }))
      : [],
  };
}

export function detailsOf(row: SessionRow): ComputeSessionDetails {
  return {
    ...summaryOf(row),
    // For a single session managers answer with the project's first letter only.
    project: '',
    result: row.result,
    statusData: row.status_data,
    idleChecks: row.idle_checks,
    mounts: (row.mounts ?? []).filter((name) => name !== null),
    containers: (row.containers ?? []).map((container) => ({
      id: container.id,
      hostname: container.cluster_hostname,
      role: container.cluster_role,
      status: container.status,
      agent: container.agent,
    })),
  };
}

function textValues(slots: Readonly<Record<string, string | number | null>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(slots).flatMap(([slot, amount]) => (amount === null ? [] : [[slot, String(amount)]])),
  );
}
