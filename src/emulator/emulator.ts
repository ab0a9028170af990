/**
 * A Backend.AI manager and its sessions in this process, on loopback: the same REST, GraphQL, WebSocket and SSH
 * behaviour as a release shows its clients, for people without a cluster and for contract tests.
 */

import { AppProxy, type AppProxyOptions, type EmulatedAppProxy } from './app-proxy/app-proxy.ts';
import {
  type ConsoleOptions,
  type EmulatedConsole,
  startConsole,
  type WebConsole,
} from './console/console.ts';
import { accountRoutes } from './http/account-routes.ts';
import { graphqlRoutes } from './http/graphql-routes.ts';
import { HttpFront } from './http/http-front.ts';
import { resourceRoutes } from './http/resource-routes.ts';
import { scopeRoutes } from './http/scope-routes.ts';
import { serviceRoutes } from './http/service-routes.ts';
import { sessionRoutes } from './http/session-routes.ts';
import { refusePlainRequest, TunnelServer } from './http/tunnel.ts';
import { type Account, defaultAccount, type EmulatorAccount, openAccounts } from './model/accounts.ts';
import { type EmulatorFaults, FaultBook } from './model/faults.ts';
import { type EmulatedFolder, FolderBook } from './model/folders.ts';
import { defaultImages, openImages } from './model/images.ts';
import { releaseBehaviour } from './model/release.ts';
import { defaultResources, type EmulatedResources } from './model/resources.ts';
import type { RequestRecord } from './server/http-server.ts';
import { EventHub, sessionEvents } from './session/events.ts';
import type { Machine, Route } from './session/exchange.ts';
import type { Session } from './session/session.ts';
import { SessionStore } from './session/session-store.ts';

export type { Fault, SshStage } from './model/faults.ts';

export interface EmulatorOptions {
  /** 0, the default, is any free port; it always listens on 127.0.0.1. */
  readonly port?: number;
  /** The manager release to behave as, `26.9.6` by default. */
  readonly release?: string;
  /** Folder for the homes of sessions; made when missing. */
  readonly homesRoot: string;
  /** One ordinary user by default. */
  readonly accounts?: readonly EmulatorAccount[];
  /** Canonical references, `registry/name:tag`; short aliases (`python`, `python:3.11`) follow from them. */
  readonly images?: readonly string[];
  /** Proves to whoever asks that this is the manager that was started here. */
  readonly prove?: (challenge: string, port: number) => unknown;
  /** Virtual folders, or their names; when left out, each that a request names is there. */
  readonly folders?: readonly (string | EmulatedFolder)[];
  /** In place of one large resource group, some presets and no limits. */
  readonly resources?: Partial<EmulatedResources>;
  /** Time a session spends in each state on its way to RUNNING; 150 by default. */
  readonly stepDelayMs?: number;
  /** Connections per session that may be open without having logged in; 5 by default, as the sessions' dropbear. */
  readonly sessionMaxUnauthenticated?: number;
  /** Puts a web console before the manager, at a port of its own, for those who sign in with e-mail and password. */
  readonly console?: ConsoleOptions;
  /** Sessions end so many seconds after they were created; they go on when left out. */
  readonly sessionLifetimeSeconds?: number;
  /** Sessions that nobody is connected to count as idle after so many seconds, and are told so; never when left out. */
  readonly sessionIdleSeconds?: number;
  /** Gives the resource group an app proxy, with ports of their own; releases from 25.13 on have one. */
  readonly appProxy?: AppProxyOptions;
}

interface EmulatedSessions {
  /** Newest first, ended ones included. */
  all(): readonly Session[];
  /** The newest session of this id or name; throws an Error when there is none. */
  get(reference: string): Session;
  /** Sessions stop in this state until it is changed; undefined lets them go on. */
  holdAt(status: string | undefined): void;
}

export interface Emulator extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** Keys of the first account. */
  readonly accessKey: string;
  readonly secretKey: string;
  readonly faults: EmulatorFaults;
  /** `METHOD /path` of every request answered 501 because the emulator does not know it. */
  readonly unknownRoutes: readonly string[];
  /** Every request so far, in the order they were answered. */
  readonly requests: readonly RequestRecord[];
  readonly sessions: EmulatedSessions;
  /** Tunnels that are open now. */
  readonly openTunnels: number;
  /** Where one was asked for. */
  readonly console: EmulatedConsole | undefined;
  readonly appProxy: EmulatedAppProxy | undefined;
}

/** Resolves once it listens. Disposing of it ends its sessions and their processes, and removes their homes. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const behaviour = releaseBehaviour(options.release ?? '26.9.6');
  const accounts = openAccounts(options.accounts ?? [defaultAccount]);
  const [first] = accounts;
  if (first === undefined) throw new TypeError('an emulator needs an account');
  const faults = new FaultBook();
  const hub = new EventHub();
  const sessions = new SessionStore({
    behaviour,
    hub,
    faults,
    homesRoot: options.homesRoot,
    stepDelayMs: options.stepDelayMs ?? 150,
    maxUnauthenticated: options.sessionMaxUnauthenticated ?? 5,
    lifetimeSeconds: options.sessionLifetimeSeconds ?? 0,
    idleSeconds: options.sessionIdleSeconds ?? 0,
  });
  const machine: Machine = {
    behaviour,
    accounts,
    images: openImages(options.images ?? defaultImages),
    folders: new FolderBook(options.folders),
    resources: { ...defaultResources, ...options.resources },
    sessions,
    faults,
  };
  const tunnels = new TunnelServer(machine);
  const appProxy = await openAppProxy(machine, options.appProxy);
  const front = new HttpFront({
    behaviour,
    accounts,
    faults,
    routes: [...routesOf(machine, hub, tunnels), ...serviceRoutes(machine, appProxy)],
    upgrade: (exchange) => tunnels.prepare(exchange),
    prove: options.prove,
  });
  await front.listen(options.port ?? 0);
  const webConsole = options.console && (await openConsole(machine, front, options.console));
  return assemble({ first, front, faults, sessions, tunnels, webConsole, appProxy });
}

async function openAppProxy(
  { behaviour, faults }: Machine,
  options: AppProxyOptions | undefined,
): Promise<AppProxy | undefined> {
  if (options === undefined || !behaviour.atLeast('25.13')) return undefined;
  const appProxy = new AppProxy(options, faults);
  await appProxy.listen();
  return appProxy;
}

async function openConsole(machine: Machine, front: HttpFront, options: ConsoleOptions): Promise<WebConsole> {
  try {
    return await startConsole({ ...machine, manager: `http://127.0.0.1:${front.port}` }, options);
  } catch (error) {
    await front[Symbol.asyncDispose]();
    throw error;
  }
}

function routesOf(machine: Machine, hub: EventHub, tunnels: TunnelServer): readonly Route[] {
  const tunnel = ['tcpproxy', 'httpproxy'].map((name) => ({
    method: 'GET',
    path: `/stream/session/{}/${name}`,
    handle: (exchange: Parameters<Route['handle']>[0]) => {
      tunnels.check(exchange);
      return refusePlainRequest();
    },
  }));
  return [
    ...accountRoutes(machine),
    ...sessionRoutes(machine),
    ...graphqlRoutes(machine),
    ...scopeRoutes(machine),
    ...resourceRoutes(machine),
    { method: 'GET', path: '/events/session', handle: (exchange) => sessionEvents(machine, hub, exchange) },
    ...tunnel,
  ];
}

interface Parts {
  readonly first: Account;
  readonly front: HttpFront;
  readonly faults: FaultBook;
  readonly sessions: SessionStore;
  readonly tunnels: TunnelServer;
  readonly webConsole: WebConsole | undefined;
  readonly appProxy: AppProxy | undefined;
}

function assemble({ first, front, faults, sessions, tunnels, webConsole, appProxy }: Parts): Emulator {
  return {
    endpoint: `http://127.0.0.1:${front.port}`,
    accessKey: first.accessKey,
    secretKey: first.secretKey,
    faults: {
      add: (fault, times) => faults.add(fault, times),
      clear: () => faults.clear(),
      refuseConnections: (refuse) => front.refuseConnections(refuse),
    },
    unknownRoutes: front.unknownRoutes,
    requests: front.requests,
    get openTunnels() {
      return tunnels.open;
    },
    sessions: {
      all: () => sessions.all(),
      get: (reference) => {
        const found = sessions.all().find(({ id, name }) => id === reference || name === reference);
        if (found === undefined) throw new Error(`the emulator has no session ${reference}`);
        return found;
      },
      holdAt: (status) => sessions.holdAt(status),
    },
    console: webConsole?.shown,
    appProxy: appProxy?.shown,
    async [Symbol.asyncDispose]() {
      webConsole?.stopListening();
      front.stopListening();
      // Tunnels end in good order with their sessions, and what is left over is closed.
      await sessions[Symbol.asyncDispose]();
      await tunnels[Symbol.asyncDispose]();
      await webConsole?.[Symbol.asyncDispose]();
      await appProxy?.[Symbol.asyncDispose]();
      await front[Symbol.asyncDispose]();
    },
  };
}
