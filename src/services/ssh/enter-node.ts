/** The way to the other containers of a cluster session: one SSH connection to main1, and streams through it. */

import { mainNode, type SessionRef, waitVerdict } from '../../core/session/session.ts';
import { similarNames } from '../../core/text/similar.ts';
import { NotFoundError, ProtocolError } from '../../errors.ts';
import type { NodeStreams } from '../../ssh/node-streams.ts';
import { connect, findWay, type LoginRequest, type WayDeps } from './ssh-way.ts';

export interface ClusterDeps extends WayDeps {
  /** Logs in to main1. */
  openStreams(request: LoginRequest): Promise<NodeStreams>;
}

export interface ClusterNode {
  readonly hostname: string;
  readonly status: string;
}

export interface EnteredNode<D> extends AsyncDisposable {
  readonly session: SessionRef;
  readonly deps: D;
}

/** Nothing is dialled yet. With main1, or no node, it is the session itself. */
export async function enterNode<D extends ClusterDeps>(
  session: SessionRef,
  node: string | undefined,
  deps: D,
): Promise<EnteredNode<D>> {
  if (node === undefined || node === mainNode) return { session, deps, async [Symbol.asyncDispose]() {} };
  const [found] = chooseNodes(await nodesOf(session, deps), [node], session);
  if (found === undefined) throw noSuchNode(session, node, []);
  checkRuns(session, found);
  const shared = shareMain(session, deps);
  return { ...shared, session: { ...session, node } };
}

/**
 * Deps whose tunnels lead to nodes as well. Main1 is logged in to when the first of them is dialled, once for all;
 * again when that connection was lost. Disposal ends it.
 */
export function shareMain<D extends ClusterDeps>(
  session: SessionRef,
  deps: D,
): AsyncDisposable & { readonly deps: D } {
  let streams: Promise<NodeStreams> | undefined;
  let key: ReturnType<ClusterDeps['readKey']> | undefined;
  const forget = (): void => {
    streams = undefined;
  };
  const shared: D = {
    ...deps,
    readKey(of, signal) {
      key ??= deps.readKey(of, signal);
      return key;
    },
    tunnelTo(place, app, silenceMs) {
      const { node } = place;
      if (node === undefined) return deps.tunnelTo(place, app, silenceMs);
      const open = async (): Promise<NodeStreams> => {
        const opened = await openMain(session, shared);
        opened.lost.catch(forget);
        return opened;
      };
      return {
        async dial(signal) {
          if (streams === undefined) {
            streams = open();
            streams.catch(forget);
          }
          return (await streams).dial(node, signal);
        },
      };
    },
  };
  return {
    deps: shared,
    async [Symbol.asyncDispose]() {
      await streams?.then(
        (opened) => opened[Symbol.asyncDispose](),
        () => {},
      );
    },
  };
}

async function openMain(session: SessionRef, deps: ClusterDeps): Promise<NodeStreams> {
  return connect(await findWay(session, deps), (request) => deps.openStreams(request), deps);
}

/** As they go into file names, host key names and requests for streams. */
const hostName = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** Main1 first, then in the order of their numbers. */
export async function nodesOf(
  session: SessionRef,
  { api, signal }: Pick<ClusterDeps, 'api' | 'signal'>,
): Promise<readonly ClusterNode[]> {
  const containers = (await api.describe(session.id, signal))?.containers ?? [];
  const strange = containers.find(({ hostname }) => !hostName.test(hostname));
  if (strange !== undefined) {
    throw new ProtocolError(
      `the manager names a container of session ${session.name} "${strange.hostname}", which is no host name`,
    );
  }
  const place = ({ hostname }: ClusterNode): string => `${hostname === mainNode ? 0 : 1}${hostname}`;
  return containers.toSorted((a, b) => place(a).localeCompare(place(b), 'en', { numeric: true }));
}

/** In the order of the session, each once. */
export function chooseNodes(
  nodes: readonly ClusterNode[],
  wanted: readonly string[],
  session: SessionRef,
): readonly ClusterNode[] {
  const names = nodes.map(({ hostname }) => hostname);
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) throw noSuchNode(session, unknown, names);
  return nodes.filter(({ hostname }) => wanted.includes(hostname));
}

function noSuchNode({ name, id }: SessionRef, node: string, nodes: readonly string[]): NotFoundError {
  const near = similarNames(node, nodes);
  return new NotFoundError(`session ${name} has no node ${node}`, {
    code: 'node-not-found',
    hint:
      nodes.length === 0
        ? `\`bai session info ${name}\` shows its containers`
        : `${near.length > 0 ? `did you mean ${near.join(' or ')}? ` : ''}its nodes: ${nodes.join(', ')}`,
    details: { id, node, nodes },
  });
}

/** Throws when nobody could log in there. */
export function checkRuns({ name, id }: SessionRef, { hostname, status }: ClusterNode): void {
  if (waitVerdict(status) === 'ready') return;
  throw new NotFoundError(`node ${hostname} of session ${name} does not run (${status})`, {
    code: 'node-not-running',
    hint: `\`bai session info ${name}\` shows its containers`,
    details: { id, node: hostname, status },
  });
}
