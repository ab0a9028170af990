/** `POST /admin/gql`: lists and details of sessions, the caller, images. */

import { type GraphQLSchema, graphql } from 'graphql';
import type { Account } from '../model/accounts.ts';
import type { ReleaseBehaviour } from '../model/release.ts';
import { type Answer, ok } from '../server/answer.ts';
import type { Exchange, Machine, Route } from '../session/exchange.ts';
import { bodyValues, RequestParameters } from '../session/parameters.ts';
import type { Session } from '../session/session.ts';
import { sessionFilter, sessionOrder } from '../session/session-filter.ts';
import { projectId, rawPorts, timeText } from '../session/session-shapes.ts';
import { sessionSchema } from './graphql-schema.ts';
import { imageFields } from './image-fields.ts';
import { type MachineArguments, machineList } from './machine-list.ts';

export function graphqlRoutes(machine: Machine): readonly Route[] {
  const schema = sessionSchema(machine.behaviour);
  return [
    {
      method: 'POST',
      path: '/admin/gql',
      handle: async (exchange) => ok(await run(schema, machine, exchange)),
    },
    {
      method: 'POST',
      path: '/admin/graphql',
      // The old path returns the bare data.
      handle: async (exchange): Promise<Answer> => ok((await run(schema, machine, exchange)).data),
    },
  ];
}

interface GraphqlAnswer {
  readonly data: unknown;
  readonly errors?: readonly unknown[] | null;
}

async function run(schema: GraphQLSchema, machine: Machine, exchange: Exchange): Promise<GraphqlAnswer> {
  const body = new RequestParameters(bodyValues(exchange, machine.behaviour), machine.behaviour);
  const variables = body.value('variables');
  const result = await graphql({
    schema,
    source: body.requiredText('query'),
    rootValue: resolvers(machine, exchange.account),
    ...(typeof variables === 'object' && variables !== null ? { variableValues: { ...variables } } : {}),
  });
  const errors = result.errors?.map((error) => ({
    ...error.toJSON(),
    // The manager's library quotes with apostrophes.
    message: error.message.replaceAll('"', "'"),
  }));
  const data = result.data ?? null;
  if (errors !== undefined) return { data, errors };
  return machine.behaviour.atLeast('26.3') ? { data, errors: null } : { data };
}

interface ListArguments {
  readonly limit: number;
  readonly offset: number;
  readonly filter?: string | null;
  readonly order?: string | null;
  readonly access_key?: string | null;
  readonly status?: string | null;
}

function resolvers(machine: Machine, account: Account) {
  const { sessions, images, behaviour, accounts } = machine;
  return {
    compute_session_list: (given: ListArguments) => listSessions(machine, account, given),
    compute_session: ({ id }: { readonly id: string }) => {
      const session = sessions.all().find((candidate) => candidate.id === String(id).toLowerCase());
      if (session === undefined) return null;
      const mayRead = account.role === 'admin' || session.spec.account.accessKey === account.accessKey;
      return mayRead ? sessionFields(session, behaviour) : null;
    },
    keypair: ({ access_key: wanted }: { readonly access_key?: string | null }) => {
      const owner = ownerOf(accounts, account, wanted);
      return owner === undefined ? null : keypairFields(owner);
    },
    user: ({ email }: { readonly email?: string | null }) => {
      const found =
        email == null || email === account.email ? account : accounts.find((a) => a.email === email);
      if (found !== account && account.role !== 'admin') throw new Error('Forbidden operation.');
      return found === undefined ? null : userFields(found);
    },
    agent_summary_list: (given: MachineArguments) => machineList(machine, account, given),
    images: () => images.map((image) => imageFields(image, behaviour)),
    image: ({ reference }: { readonly reference?: string | null }) => {
      const image = images.find((candidate) => candidate.reference === reference);
      return image === undefined ? null : imageFields(image, behaviour);
    },
  };
}

/** Administrators see everyone's sessions unless they name an access key; others only their own. */
function listSessions({ sessions, behaviour, accounts }: Machine, account: Account, given: ListArguments) {
  const everyone = account.role === 'admin' && given.access_key == null;
  const owner = everyone ? undefined : ownerOf(accounts, account, given.access_key);
  const words = given.status == null || given.status === '' ? undefined : given.status.split(',');
  const unknown = words?.find((word) => !behaviour.statusWords.has(word));
  if (unknown !== undefined) throw new Error(`'${unknown}'`);
  const accept = sessionFilter(given.filter ?? '');
  const found = sessions
    .all()
    .filter((session) => everyone || session.spec.account.accessKey === owner?.accessKey)
    .filter((session) => words === undefined || words.includes(session.status))
    .filter((session) => accept(filterFacts(session)));
  const ordered = sessionOrder(given.order ?? '-created_at', found, filterFacts);
  const page = ordered.slice(given.offset, given.offset + given.limit);
  return { total_count: found.length, items: page.map((session) => sessionFields(session, behaviour)) };
}

function ownerOf(accounts: readonly Account[], account: Account, wanted: string | null | undefined) {
  if (wanted == null || wanted === account.accessKey) return account;
  if (account.role !== 'admin') throw new Error('Forbidden operation.');
  return accounts.find(({ accessKey }) => accessKey === wanted);
}

function filterFacts(session: Session): Record<string, string> {
  return {
    id: session.id,
    session_id: session.id,
    name: session.name,
    type: session.spec.type.toUpperCase(),
    status: session.status,
    status_info: session.statusInfo ?? '',
    image: session.spec.image.reference,
    access_key: session.spec.account.accessKey,
    user_email: session.spec.account.email,
    group_name: 'default',
    scaling_group: session.spec.resourceGroup,
    domain_name: 'default',
    created_at: session.createdAt.toISOString(),
    result: session.result,
  };
}

function sessionFields(session: Session, behaviour: ReleaseBehaviour): Record<string, unknown> {
  const { spec } = session;
  const placed = session.home !== undefined;
  // Of all containers together.
  const asked = slotsOf(session, spec.clusterSize);
  const held = placed || keepsSlots(session, behaviour) ? asked : '{}';
  // Old releases answer with empty values where new ones have none.
  const none = <T>(old: T) => (behaviour.atLeast('24.03') ? null : old);
  return {
    ...filterFacts(session),
    tag: behaviour.atLeast('26.3') ? (spec.tag ?? '') : spec.tag,
    main_kernel_id: session.kernels[0]?.id,
    main_kernel_role: 'COMPUTE',
    architecture: spec.image.architecture,
    registry: spec.image.registry,
    cluster_mode: spec.clusterMode,
    cluster_size: spec.clusterSize,
    group_id: projectId,
    user_id: spec.account.userId,
    full_name: spec.account.email,
    status_changed: timeText(session.statusChangedAt),
    status_info: session.statusInfo ?? none(''),
    status_data: session.statusData === undefined ? none('{}') : JSON.stringify(session.statusData),
    status_history: JSON.stringify(
      Object.fromEntries(session.history.map(([word, at]) => [word, timeText(at)])),
    ),
    created_at: timeText(session.createdAt),
    terminated_at: session.terminatedAt === undefined ? null : timeText(session.terminatedAt),
    startup_command: spec.startupCommand ?? null,
    service_ports: placed ? JSON.stringify(rawPorts(session)) : null,
    mounts: Object.keys(spec.mounts),
    vfolder_mounts: Object.keys(spec.mounts),
    occupying_slots: held,
    occupied_slots: held,
    requested_slots: asked,
    resource_opts: '{"shmem": 67108864}',
    idle_checks: JSON.stringify(session.idleChecks),
    num_queries: 0,
    priority: spec.priority,
    containers: containersOf(session, behaviour),
    dependencies: [],
  };
}

function slotsOf({ spec }: Session, containers: number): string {
  return JSON.stringify({ cpu: String(spec.cpu * containers), mem: String(spec.memory * containers) });
}

/** From 24.03 on a session that has ended holds nothing any more. */
function keepsSlots({ terminatedAt }: Session, behaviour: ReleaseBehaviour): boolean {
  return terminatedAt !== undefined && !behaviour.atLeast('24.03');
}

function containersOf(session: Session, behaviour: ReleaseBehaviour): Record<string, unknown>[] {
  const { image, preopenPorts } = session.spec;
  const placed = session.home !== undefined;
  const hasSlots = session.terminatedAt === undefined || keepsSlots(session, behaviour);
  return session.kernels.map((kernel) => ({
    id: kernel.id,
    idx: kernel.index,
    role: kernel.role,
    hostname: kernel.hostname,
    session_id: session.id,
    cluster_role: kernel.role,
    cluster_idx: kernel.index,
    cluster_hostname: kernel.hostname,
    image: image.reference,
    architecture: image.architecture,
    registry: image.registry,
    status: session.status,
    status_changed: timeText(session.statusChangedAt),
    status_info: session.statusInfo ?? '',
    status_data: '{}',
    created_at: timeText(session.createdAt),
    terminated_at: session.terminatedAt === undefined ? null : timeText(session.terminatedAt),
    agent: placed ? 'i-local-agent' : null,
    container_id: placed ? kernel.containerId : null,
    resource_opts: '{"shmem": 67108864}',
    occupied_slots: hasSlots ? slotsOf(session, 1) : '{}',
    preopen_ports: preopenPorts,
  }));
}

function keypairFields(account: Account): Record<string, unknown> {
  return {
    user_id: account.email,
    access_key: account.accessKey,
    secret_key: account.secretKey,
    is_active: true,
    is_admin: account.role === 'admin',
    resource_policy: 'default',
    rate_limit: 30_000,
    num_queries: 0,
    user: account.userId,
    projects: ['default'],
    ssh_public_key: account.sshKeypair?.publicKey ?? null,
    concurrency_used: 0,
  };
}

function userFields(account: Account): Record<string, unknown> {
  return {
    uuid: account.userId,
    username: account.email,
    email: account.email,
    full_name: account.email,
    is_active: true,
    status: 'active',
    domain_name: 'default',
    role: account.role,
    groups: account.hasNoRole ? [] : [{ id: projectId, name: 'default' }],
    main_access_key: account.accessKey,
  };
}
