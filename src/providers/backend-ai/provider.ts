/** Backend.AI: sessions of a manager, reached through its WebSocket tunnels. */

import { once } from 'node:events';
import type { ResourceOffer, ResourceScope } from '../../core/session/offers.ts';
import type { ForeignSession, LastTime, Provider, SessionNode } from '../../core/session/provider.ts';
import type { SessionRef } from '../../core/session/session.ts';
import { sshApp } from '../../core/ssh/forwarder.ts';
import { BaiError } from '../../errors.ts';
import { type WayInParts, wayIn } from './app-proxy/way-in.ts';
import { checkupOf } from './checkup.ts';
import { createSession } from './create/create-session.ts';
import { planSession } from './create/plan-session.ts';
import { title } from './facts.ts';
import { signedInAs } from './manager/account.ts';
import { accountKeyOf } from './manager/account-key.ts';
import { countsConnections, dialsByName } from './manager/release.ts';
import { account, isIdPrefix, isSessionId, mainNode, phaseOf } from './manager/states.ts';
import { folderOffers } from './offers/folders.ts';
import { imageOffers } from './offers/images.ts';
import { projectOffers } from './offers/projects.ts';
import { resourceOffer } from './offers/resources.ts';
import type {
  ComputeSessionDetails,
  ComputeSessionRequest,
  SessionCalls,
} from './session/compute-session.ts';
import { explainMissingKey } from './session/explain-missing-key.ts';
import { explainRefusal } from './session/explain-refusal.ts';
import { readLikeness } from './session/likeness.ts';
import { listing } from './session/listing.ts';
import { createSessionCalls } from './session/sessions.ts';
import { tunnelTo } from './tunnel/session-tunnel.ts';

interface BackendAiParts extends WayInParts {
  readonly endpoints: readonly URL[];
  /** The caller's own, for lists: without it an administrator sees everybody's sessions. */
  readonly accessKey: string | undefined;
  /** For an administrator: whose sessions are meant in place of the caller's own. */
  readonly owner: string | undefined;
  /** Where is remembered which session a name led to; nothing when nothing is. */
  readonly memory?: SessionMemory | undefined;
  /** Behind a web console. */
  readonly login?: AsyncDisposable | undefined;
  /** The one that new sessions belong to, as the settings have it. */
  readonly project: string;
  /** Hears that an answer is not whole. */
  readonly warn: (message: string, hint: string) => void;
}

/** What is the same with every manager. */
export const backendAi = {
  name: 'backend.ai',
  title,
  account,
  listing,
  isId: isSessionId,
  isIdPrefix,
  phaseOf,
  waitPhase,
  hostKeyAlias,
  absences: {
    extend: {
      why: 'has no call that gives a session more time',
      instead:
        '`bai session extend SESSION` without --time starts its idle time anew, where the manager counts that; how long sessions may last (max_session_lifetime) is set by an administrator, in the resource policy of the account',
    },
  },
  refOf: (id: string): SessionRef => ({ id: id.toLowerCase(), name: id, status: 'RUNNING' }),
} as const satisfies Partial<Provider>;

export function createBackendAi(parts: BackendAiParts): Provider {
  const api = createSessionCalls(parts);
  const way = wayIn(parts);
  return {
    ...backendAi,
    hidesEnds: way.hidesEnds,
    ...lastTimeOf(parts),
    find: (reference, signal) => api.match(reference, signal),
    list: (filter, signal) => api.list(filter, signal),
    describe: (id, signal) => api.describe(id, signal),
    async access(session, options) {
      const there = { user: account, home: `/home/${account}`, hostKeyAlias: hostKeyAlias(session) };
      return { ...(await way.access(session, options)), ...there };
    },
    create: (request: ComputeSessionRequest, tools) => createSession(request, { ...tools, api }),
    plan(request: ComputeSessionRequest, { signal }) {
      const resources = (scope: ResourceScope) => resourcesOf(parts, scope, signal);
      return planSession(request, { api, resources, signal });
    },
    like: (session, signal) => readLikeness(parts.client, session, signal),
    terminate: (session, options, signal) => api.terminate(session, options, signal),
    rename: (session, name, signal) => api.rename(session, name, signal),
    async use(session, signal) {
      // Its own channel, whichever way the settings name: the manager counts no others.
      const stream = await tunnelTo(parts, { session, app: sshApp }).dial(signal);
      const closed = once(stream, 'close', { signal });
      stream.destroy();
      await closed;
    },
    countsConnections: async (signal) => countsConnections(await parts.client.release(signal)),
    logs: (session, signal) => api.logs(session, signal),
    events: (session, signal) => api.events(session, signal),
    apps: {
      list: (session, signal) => api.apps(session, signal),
      tunnel: (session, app) => tunnelTo(parts, { session, app }),
      gateway: way.gateway,
    },
    nodes: { main: mainNode, list: (session, signal) => nodesOf(session, api, signal) },
    files: { read: (session, path, signal) => api.readFile(session, path, signal) },
    issuedKey: {
      file: issuedKeyFile,
      read: (session, signal) => readIssuedKey(session, api, signal),
    },
    accountKey: accountKeyOf(parts.client),
    signedInAs: (signal) => signedInAs(parts.client, signal),
    checkup: checkupOf(parts),
    images: (signal) => imageOffers(parts.client, signal),
    folders: (signal) => folderOffers(parts.client, { warn: parts.warn, signal }),
    resources: (signal, scope) => resourcesOf(parts, scope, signal),
    projects: (signal) => projectOffers(parts.client, { chosen: parts.project, signal }),
    explainRefusal: (refusal, signal) => explainRefusal(refusal, api, signal),
    ownerOf: (reference, signal) => foreignSession(reference, api, signal),
    async [Symbol.asyncDispose]() {
      await parts.login?.[Symbol.asyncDispose]();
      await parts.network.close();
    },
  };
}

/** Each node of a cluster session has a key of its own. */
function hostKeyAlias({ id, node }: Pick<SessionRef, 'id' | 'node'>): string {
  return node === undefined ? `bai-${id}` : `bai-${id}-${node}`;
}

interface SessionMemory {
  session(reference: string): Promise<Pick<SessionRef, 'id' | 'name'> | undefined>;
  keepSession(reference: string, session: Pick<SessionRef, 'id' | 'name'> | undefined): Promise<void>;
}

/** On other ways a dial opens a port, and some releases dial by the name, which may be that of another session now. */
function lastTimeOf({ client, memory, owner, via }: BackendAiParts): Pick<Provider, 'lastTime'> {
  if (memory === undefined || owner !== undefined || via !== 'manager') return {};
  const lastTime: LastTime = {
    async sessionOf(reference) {
      const known = await memory.session(reference);
      const release = await client.lastRelease();
      if (known === undefined || release === undefined || !isSessionId(known.id)) return undefined;
      return dialsByName(release) ? undefined : { ...known, status: 'RUNNING' };
    },
    keep: (reference, session) => memory.keepSession(reference, session),
  };
  return { lastTime };
}

const issuedKeyFile = 'id_container';

/** A batch session that ends is only through with its command when it has a result. */
function waitPhase({ type, status, result }: ComputeSessionDetails): ReturnType<typeof phaseOf> | 'done' {
  if (type === 'batch' && status === 'TERMINATING') return 'starting';
  return status === 'TERMINATED' && result === 'SUCCESS' ? 'done' : phaseOf(status);
}

async function nodesOf(
  { id }: SessionRef,
  api: SessionCalls,
  signal: AbortSignal,
): Promise<readonly SessionNode[]> {
  return (await api.describe(id, signal))?.containers ?? [];
}

async function readIssuedKey(
  session: SessionRef,
  api: SessionCalls,
  signal: AbortSignal,
): Promise<Uint8Array> {
  try {
    return await api.readFile(session, issuedKeyFile, signal);
  } catch (cause) {
    if (!(cause instanceof BaiError) || cause.code !== 'file-not-found') throw cause;
    throw await explainMissingKey(session, cause, { api, signal });
  }
}

function resourcesOf(
  { client, warn, project: usual }: BackendAiParts,
  { project = usual, group }: ResourceScope = {},
  signal: AbortSignal,
): Promise<ResourceOffer> {
  return resourceOffer(client, { project, group, warn, signal });
}

/** What only an administrator is shown. */
async function foreignSession(
  reference: string,
  api: SessionCalls,
  signal: AbortSignal,
): Promise<ForeignSession | undefined> {
  const byName = { statuses: 'live', owner: 'everyone', name: reference } as const;
  const found = isSessionId(reference)
    ? await api.describe(reference, signal)
    : (await api.list(byName, signal)).find(({ name }) => name === reference);
  if (found === undefined) return undefined;
  const { id, accessKey: owner } = found;
  const hint = `\`bai session list\`, \`info\`, \`logs\`, \`wait\` and \`terminate\` take \`--owner ${owner}\`; the manager lets only its owner inside`;
  return { id, owner, hint };
}
