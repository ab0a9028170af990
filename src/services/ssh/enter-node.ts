/** The way to the other nodes of a session: one SSH connection to the main one, and streams through it. */

import { requireFeature } from '../../core/session/features.ts';
import type { SessionNode } from '../../core/session/provider.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { similarNames } from '../../core/text/similar.ts';
import { typed } from '../../core/text/typed.ts';
import { NotFoundError, ProtocolError } from '../../errors.ts';
import type { NodeStreams } from '../../ssh/streams/node-streams.ts';
import type { SessionTools } from '../session/session-tools.ts';
import { logIn, loginKeyFor, openAccess } from './open-access.ts';
import type { SshTools } from './ssh-tools.ts';

interface EnteredNode<T> extends AsyncDisposable {
  readonly session: SessionRef;
  readonly tools: T;
}

/** Nothing is dialled yet. With the main node, or none, it is the session itself. */
export async function enterNode<T extends SshTools>(
  session: SessionRef,
  node: string | undefined,
  tools: T,
): Promise<EnteredNode<T>> {
  if (node === undefined || node === tools.provider.nodes?.main)
    return { session, tools, async [Symbol.asyncDispose]() {} };
  const [found] = chooseNodes(await nodesOf(session, tools), [node], session);
  if (found === undefined) throw noSuchNode(session, node, []);
  checkRuns(session, found, tools);
  const shared = shareMain(session, tools);
  return { ...shared, session: { ...session, node } };
}

/**
 * Tools whose ways in lead to nodes as well. The main node is logged in to when the first of them is dialled, once for all;
 * again when that connection was lost. Disposal ends it.
 */
export function shareMain<T extends SshTools>(
  session: SessionRef,
  tools: T,
): AsyncDisposable & { readonly tools: T } {
  let streams: Promise<NodeStreams> | undefined;
  let key: ReturnType<SshTools['keys']['issued']> | undefined;
  const forget = (): void => {
    streams = undefined;
  };
  const shared: T = {
    ...tools,
    keys: {
      ...tools.keys,
      issued(of, signal) {
        key ??= tools.keys.issued(of, signal);
        return key;
      },
    },
    async access(place, options) {
      const { node } = place;
      if (node === undefined) return await tools.access(place, options);
      const { user, home } = await tools.access(session, options);
      const open = async (): Promise<NodeStreams> => {
        const opened = await openMain(session, shared);
        opened.lost.catch(forget);
        return opened;
      };
      return {
        ...{ user, home, hostKeyAlias: tools.provider.hostKeyAlias(place) },
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
    tools: shared,
    async [Symbol.asyncDispose]() {
      await streams?.then(
        (opened) => opened[Symbol.asyncDispose](),
        () => {},
      );
    },
  };
}

async function openMain(session: SessionRef, tools: SshTools): Promise<NodeStreams> {
  const key = await loginKeyFor(session, tools);
  const make: typeof tools.client.openStreams = (request) => tools.client.openStreams(request);
  return await logIn({ access: await openAccess(session, tools), key, make }, tools);
}

/** As they go into file names, host key names and requests for streams. */
const hostName = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** The main node first, then in the order of their numbers. */
export async function nodesOf(
  session: SessionRef,
  { provider, signal }: Pick<SessionTools, 'provider' | 'signal'>,
): Promise<readonly SessionNode[]> {
  const { main, list } = requireFeature(provider, 'nodes');
  const nodes = await list(session, signal);
  const strange = nodes.find(({ hostname }) => !hostName.test(hostname));
  if (strange !== undefined) {
    throw new ProtocolError(
      `the manager names a container of session ${session.name} "${strange.hostname}", which is not a host name`,
    );
  }
  const place = ({ hostname }: SessionNode): string => `${hostname === main ? 0 : 1}${hostname}`;
  return nodes.toSorted((a, b) => place(a).localeCompare(place(b), 'en', { numeric: true }));
}

/** In the order of the session, each once. */
export function chooseNodes(
  nodes: readonly SessionNode[],
  wanted: readonly string[],
  session: SessionRef,
): readonly SessionNode[] {
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
        ? `\`${typed(['bai', 'session', 'info', name])}\` shows its containers`
        : `${near.length > 0 ? `did you mean ${near.join(' or ')}? ` : ''}its nodes: ${nodes.join(', ')}`,
    details: { id, node, nodes },
  });
}

/** Throws when nobody could log in there. */
export function checkRuns(
  { name, id }: SessionRef,
  { hostname, status }: SessionNode,
  { provider }: Pick<SessionTools, 'provider'>,
): void {
  if (provider.phaseOf(status) === 'ready') return;
  throw new NotFoundError(`node ${hostname} of session ${name} does not run (${status})`, {
    code: 'node-not-running',
    hint: `\`${typed(['bai', 'session', 'info', name])}\` shows its containers`,
    details: { id, node: hostname, status },
  });
}
