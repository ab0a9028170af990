/** How a manager's sessions are shown to people. */

import { describeAmounts } from '../../../core/session/amounts.ts';
import { endCell, endFact } from '../../../core/session/expected-end.ts';
import type { SessionColumn, SessionListing } from '../../../core/session/listing.ts';
import { shortId } from '../../../core/session/session.ts';
import { plainWords } from '../../../core/text/plain-words.ts';
import { shownTime } from '../../../core/text/shown-time.ts';
import { formatAge } from '../../../core/text/units.ts';
import { sessionNameProblem, statusWords } from '../manager/states.ts';
import type { ComputeSession, ComputeSessionDetails } from './compute-session.ts';

/** On a terminal; each is whole in a pipe and with --wide. */
const columns: readonly SessionColumn[] = [
  { title: 'NAME', field: 'name', least: 16 },
  { title: 'STATUS', field: 'status' },
  {
    ...{ title: 'IMAGE', field: 'image', least: 16, gives: 'last' },
    short: (image) => image.slice(image.lastIndexOf('/') + 1),
  },
  { title: 'AGE', field: 'createdAt', gives: 'last', ticks: true, isReversed: true },
  { title: 'RESOURCES', field: 'resources', least: 16, gives: 'last' },
  { title: 'NODES', field: 'nodes', gives: 'first' },
  { title: 'TYPE', field: 'type', gives: 'first' },
  { title: 'ID', field: 'id', short: shortId },
  { title: 'ENDS', field: 'endsAt', gives: 'last', hidesEmpty: true, ticks: true },
  { title: 'OWNER', field: 'accessKey', whole: true, onlyWith: 'all-users' },
];

const fields: readonly (keyof ComputeSession)[] = [
  'statusInfo',
  'project',
  'resourceGroup',
  'terminatedAt',
  'provider',
  'services',
];

export const listing: SessionListing = {
  subject: 'IMAGE',
  statuses: statusWords,
  columns,
  fields,
  fieldWords: {
    ...{ group: 'project', groupname: 'project', scalinggroup: 'resourceGroup', sgroup: 'resourceGroup' },
    ...{ sessionid: 'id', clustersize: 'nodes', occupyingslots: 'resources' },
  },
  row: (session: ComputeSession, now) => [
    session.name,
    session.status,
    session.image,
    ageOf(session, now),
    describeAmounts(session.resources),
    String(session.nodes),
    session.type,
    session.id,
    endCell(session, now),
    session.accessKey,
  ],
  facts: (details: ComputeSessionDetails) => [
    ['name', details.name],
    ['id', details.id],
    ['status', details.statusInfo ? `${details.status} (${details.statusInfo})` : details.status],
    ['owner', details.accessKey],
    ['type', details.type],
    ['image', details.image],
    ['resources', describeAmounts(details.resources)],
    ['resource group', details.resourceGroup],
    ['folders', details.mounts.join(', ')],
    ['created', shownTime(details.createdAt)],
    ['ends', endFact(details, Date.now())],
    ['ended', shownTime(details.terminatedAt)],
    ['apps', details.services.map(({ name, ports }) => `${name} (${ports.join(', ')})`).join(', ')],
    ...details.containers.map(
      ({ hostname, status, agent }) => [`node ${hostname}`, `${status} ${agent}`] as const,
    ),
  ],
  reasonOf,
  nameProblem: sessionNameProblem,
};

function ageOf({ createdAt }: ComputeSession, now: number): string | undefined {
  const created = Date.parse(createdAt);
  return Number.isNaN(created) ? undefined : formatAge(now - created);
}

/** The manager's word for it, else what its scheduler says. */
function reasonOf({ statusInfo, statusData }: ComputeSessionDetails): string {
  const said = fieldOf(fieldOf(statusData, 'scheduler'), 'msg');
  const error = fieldOf(fieldOf(statusData, 'error'), 'repr');
  return [statusInfo, ...[said, error].map((text) => (typeof text === 'string' ? plainWords(text) : ''))]
    .filter((text) => text !== '' && text !== 'None')
    .join(': ');
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}
