/** How a session appears in answers: the REST info with its Python words, and the two shapes of service ports. */

import { stableUuid } from '../model/accounts.ts';
import type { ReleaseBehaviour } from '../model/release.ts';
import type { Session } from './session.ts';
import type { App } from './session-parts.ts';

/** The one project's id. */
export const projectId = stableUuid('project default');

export function shownPorts(session: Session): unknown[] {
  return session.apps.map(({ name, protocol, containerPort }) => ({
    name,
    protocol,
    ports: [containerPort],
  }));
}

export function rawPorts(session: Session): unknown[] {
  return session.apps.map((app) => ({
    name: app.name,
    protocol: app.protocol,
    host_ports: [hostPort(session, app)],
    is_inference: false,
    container_ports: [app.containerPort],
  }));
}

/** Where an app listens on 127.0.0.1. */
export function hostPort(session: Session, app: App): number {
  if (app.hostPort !== undefined) return app.hostPort;
  return app.name === 'sshd' ? (session.sshPort ?? 0) : app.containerPort;
}

/** `GET /session/{ref}`: neither id nor name, slots as Python prints them, null as the word None. */
export function sessionInfo(session: Session, behaviour: ReleaseBehaviour): Record<string, unknown> {
  const { spec } = session;
  const { image } = spec;
  const slots = pythonSlots(session, behaviour);
  const placed = session.home !== undefined;
  const newForm = behaviour.atLeast('25.12');
  return {
    domainName: 'default',
    groupId: projectId,
    userId: spec.account.userId,
    lang: image.reference,
    image: image.reference,
    architecture: image.architecture,
    registry: image.registry,
    tag: spec.tag,
    containerId: placed ? session.kernels[0]?.containerId : newForm ? null : 'None',
    occupiedSlots: slots,
    occupyingSlots: placed ? slots : '{}',
    requestedSlots: slots,
    occupiedShares: '{}',
    environ: pythonTexts(spec.environ),
    resourceOpts: "{'main1': {'shmem': 67108864}}",
    status: session.status,
    statusInfo: session.statusInfo ?? 'None',
    statusData: session.statusData ?? null,
    age: Date.now() - session.createdAt.getTime(),
    creationTime: timeText(session.createdAt, newForm ? 'T' : ' '),
    terminationTime:
      session.terminatedAt === undefined ? null : timeText(session.terminatedAt, newForm ? 'T' : ' '),
    numQueriesExecuted: 0,
    lastStat: null,
    idleChecks: session.idleChecks,
  };
}

/** ISO 8601 with microseconds and an offset, as Python writes it. */
export function timeText(time: Date, separator = 'T'): string {
  return time.toISOString().replace('T', separator).replace('Z', '000+00:00');
}

function pythonSlots({ spec }: Session, behaviour: ReleaseBehaviour): string {
  const fraction = behaviour.atLeast('26.3') ? '.000000' : '';
  return `{'cpu': Decimal('${spec.cpu}${fraction}'), 'mem': Decimal('${spec.memory}${fraction}')}`;
}

function pythonTexts(texts: Readonly<Record<string, string>>): string {
  const quoted = (text: string) =>
    text.includes("'") && !text.includes('"') ? `"${text}"` : `'${text.replaceAll("'", "\\'")}'`;
  const pairs = Object.entries(texts).map(([key, value]) => `${quoted(key)}: ${quoted(value)}`);
  return `{${pairs.join(', ')}}`;
}
