/**
 * UCloud and a provider behind it in this process, on loopback: accounts, API tokens, SSH keys, applications, jobs with an SSH
 * server in each, for people without an account and for contract tests. It answers as UCloud's own server did when it was
 * recorded.
 */

import { type EmulatorFaults, FaultBook } from '../model/faults.ts';
import type { RequestRecord } from '../server/http-server.ts';
import { Accounts, type Actor, type UcloudProject, type UcloudUser } from './accounts.ts';
import { Catalog, type UcloudApplication, type UcloudProduct } from './catalog.ts';
import { demoApplications, demoProducts, demoProject, demoSecret, demoUser } from './demo.ts';
import { Drives } from './drives.ts';
import { JobFollowers } from './follow.ts';
import { createFront, type Front } from './front.ts';
import type { Job, ProviderUpdate } from './job.ts';
import { Jobs } from './jobs.ts';
import { Keys } from './keys.ts';
import { Provider } from './provider.ts';
import { ResourceIds } from './resource.ts';
import { type Core, routesOf } from './routes.ts';
import { bearerOf, type StoredToken, Tokens } from './tokens.ts';

export interface UcloudEmulatorOptions {
  /** 0, the default, is any free port; it always listens on 127.0.0.1. */
  readonly port?: number;
  /** Folder for the homes of jobs; made when missing. */
  readonly homesRoot: string;
  /** One user by default, in one project that has an allocation; the first one gets the first token, for the first project. */
  readonly users?: readonly UcloudUser[];
  readonly projects?: readonly UcloudProject[];
  readonly applications?: readonly UcloudApplication[];
  readonly products?: readonly UcloudProduct[];
  /** Time a job spends in each state on its way; 150 by default. */
  readonly stepDelayMs?: number;
  /** Time from RUNNING until its SSH server listens; 300 by default. */
  readonly sshDelayMs?: number;
  /** Proves to whoever asks that this is the UCloud that was started here. */
  readonly prove?: (challenge: string, port: number) => unknown;
}

interface TokenFacts {
  /** Milliseconds since 1970; a time that is over makes one that has expired. */
  readonly expiresAt?: number;
  readonly title?: string;
}

export interface EmulatedJob {
  readonly id: string;
  readonly state: string;
  /** What UCloud and its provider have said of it, oldest first. */
  readonly statuses: readonly string[];
  /** The real path of the home, from the time the job has run. */
  readonly home: string | undefined;
  readonly sshConnections: number;
  readonly isListening: boolean;
  /** What a provider may say at any time; in one moment. */
  tell(updates: readonly ProviderUpdate[]): void;
  /** Nothing listens at its port any more, which is still announced. */
  closeSshd(): Promise<void>;
  /** Its server begins anew at the same port, with another host key. */
  changeHostKey(): Promise<void>;
}

export interface UcloudEmulator extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** Of the first user in the first project. */
  readonly token: string;
  readonly faults: EmulatorFaults;
  readonly requests: readonly RequestRecord[];
  /** `METHOD /path` of every request that no route took: they are answered as UCloud does, with 404. */
  readonly unknownRoutes: readonly string[];
  /** Another token; `project` undefined is the personal workspace. */
  issueToken(username: string, project: string | undefined, facts?: TokenFacts): string;
  /** What a browser gets at the sign-in; a negative time makes one that has expired. */
  issueJwt(username: string, lifetimeMs: number): string;
  /** Tokens that were revoked are refused at once, and not within a minute. */
  forgetUsedTokens(): void;
  /** Its number. `folders` are paths in it; those above them are there, too. */
  addDrive(
    username: string,
    project: string | undefined,
    drive: { title: string; folders: readonly string[] },
  ): string;
  readonly jobs: {
    /** Newest first. */
    all(): readonly EmulatedJob[];
    get(id: string): EmulatedJob;
    /** Jobs, or one of them, stay in this state until it is another one; `created` is before the provider says anything. */
    holdAt(state: string | undefined, id?: string): void;
    /** While true the provider behind UCloud does not answer it. */
    setProviderAway(isAway: boolean): void;
  };
}

/** Resolves once it listens. Disposing of it ends its jobs and their processes, and removes their homes. */
export async function startUcloudEmulator(options: UcloudEmulatorOptions): Promise<UcloudEmulator> {
  const faults = new FaultBook();
  const core = coreOf(options, faults, () => `http://127.0.0.1:${front.server.port}`);
  const followers = new JobFollowers(core);
  const front = createFront({
    ...{ core, faults, routes: routesOf(core), prove: options.prove },
    follow: (socket, head, request) => followers.accept(socket, head, request),
  });
  await front.server.listen(options.port ?? 0);
  return assemble({ core, front, faults, followers, first: firstToken(core, options) });
}

function coreOf(options: UcloudEmulatorOptions, faults: FaultBook, address: () => string): Core {
  const { applications = demoApplications, products = demoProducts } = options;
  const accounts = new Accounts(options.users ?? [demoUser], options.projects ?? [demoProject]);
  const ids = new ResourceIds();
  const keys = new Keys();
  const catalog = new Catalog(applications, products);
  const provider = new Provider({
    ...{ homesRoot: options.homesRoot, faults },
    ...{ stepDelayMs: options.stepDelayMs ?? 150, sshDelayMs: options.sshDelayMs ?? 300 },
    keysFor: ({ actor: { user, project } }) => {
      const others = project === undefined ? [] : accounts.editorsOf(project);
      const usernames = new Set([user.username, ...others]);
      return [...usernames].flatMap((username) => keys.of(username).map(({ key }) => key));
    },
  });
  return {
    ...{ accounts, keys, catalog, provider, address },
    tokens: new Tokens(accounts, ids, address),
    drives: new Drives(ids),
    jobs: new Jobs(ids, catalog),
  };
}

/** The same at each start, where nobody else is asked for: profiles stay good. */
function firstToken(core: Core, { users, projects }: UcloudEmulatorOptions): StoredToken {
  const [user, project] = [core.accounts.users[0], core.accounts.projects[0]];
  if (user === undefined) throw new TypeError('an emulator needs a user');
  const secret = users === undefined && projects === undefined ? { secret: demoSecret } : {};
  return core.tokens.issue({ user, project }, { title: 'first', ...secret });
}

interface Parts {
  readonly core: Core;
  readonly front: Front;
  readonly faults: FaultBook;
  readonly followers: JobFollowers;
  readonly first: StoredToken;
}

function assemble({ core, front, faults, followers, first }: Parts): UcloudEmulator {
  const { server, unknownRoutes } = front;
  const { accounts, tokens, drives, provider } = core;
  return {
    endpoint: core.address(),
    token: bearerOf(first),
    ...{ requests: server.requests, unknownRoutes },
    faults: {
      add: (fault, times) => faults.add(fault, times),
      clear: () => faults.clear(),
      refuseConnections: (refuse) => server.refuseConnections(refuse),
    },
    issueToken: (username, project, facts) =>
      bearerOf(tokens.issue(actorNamed(accounts, username, project), facts)),
    issueJwt: (username, lifetimeMs) => accounts.jwtFor(userNamed(accounts, username), lifetimeMs),
    forgetUsedTokens: () => tokens.forget(),
    addDrive: (username, project, drive) =>
      String(drives.add({ actor: actorNamed(accounts, username, project), ...drive })),
    jobs: emulatedJobs(core),
    async [Symbol.asyncDispose]() {
      server.stopListening();
      await followers[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

function emulatedJobs({ jobs, provider }: Core): UcloudEmulator['jobs'] {
  const get = (id: string): Job => {
    const found = jobs.all.find((job) => String(job.id) === id);
    if (found === undefined) throw new Error(`the emulator has no job ${id}`);
    return found;
  };
  return {
    all: () => jobs.all.map((job) => emulatedJob(job, provider)),
    get: (id) => emulatedJob(get(id), provider),
    holdAt: (state, id) => provider.holdAt(state, id === undefined ? 'all' : get(id).id),
    setProviderAway: (isAway) => provider.setAway(isAway),
  };
}

function emulatedJob(job: Job, provider: Provider): EmulatedJob {
  const machine = provider.machine(job);
  return {
    id: String(job.id),
    get state() {
      return job.state;
    },
    get statuses() {
      return job.updates.flatMap(({ status }) => status ?? []);
    },
    get home() {
      return machine.home;
    },
    get sshConnections() {
      return machine.sshConnections;
    },
    get isListening() {
      return machine.isListening;
    },
    tell: (updates) => provider.tell(job, updates),
    closeSshd: () => machine.closeSshd(),
    async changeHostKey() {
      await machine.closeSshd();
      machine.forgetHostKey();
      await machine.openSshd();
    },
  };
}

function userNamed({ users }: Accounts, username: string): UcloudUser {
  const user = users.find((each) => each.username === username);
  if (user === undefined) throw new Error(`the emulator has no user ${username}`);
  return user;
}

function actorNamed(accounts: Accounts, username: string, projectId: string | undefined): Actor {
  const project = accounts.projects.find(({ id }) => id === projectId);
  if (projectId !== undefined && project === undefined)
    throw new Error(`the emulator has no project ${projectId}`);
  return { user: userNamed(accounts, username), project };
}
