/** What services ask of a provider of sessions; `src/manager/` implements it for Backend.AI. */

import type { ServicePort, SessionDetails, SessionEvent, SessionRef, SessionSummary } from './session.ts';

export interface CreateRequest {
  readonly image: string;
  readonly name: string;
  readonly type: 'interactive' | 'batch' | 'inference' | 'system';
  readonly project: string;
  readonly domain: string;
  readonly architecture?: string;
  readonly resourceGroup?: string;
  readonly clusterSize: number;
  readonly clusterMode: 'single-node' | 'multi-node';
  /** Virtual folder → path inside the session; an empty path is the manager's own choice. */
  readonly mounts: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  /** Slot → amount, e.g. `{cpu: "2", mem: "4g"}`. */
  readonly resources: Readonly<Record<string, string>>;
  readonly resourceOptions: Readonly<Record<string, string>>;
  readonly startupCommand?: string;
  readonly bootstrapScript?: string;
  readonly tag?: string;
  readonly preopenPorts: readonly number[];
  readonly reuse: boolean;
  readonly priority?: number;
}

export interface CreatedSession extends SessionRef {
  /** False when a session of that name was there and is used again. */
  readonly created: boolean;
}

export interface ImageSummary {
  /** `registry/name:tag`, as sessions are created from it. */
  readonly reference: string;
  readonly architecture: string;
  readonly aliases: readonly string[];
}

/** Names that a request may hold; nothing for a kind that the provider does not tell. */
export interface CreateChoices {
  readonly domains?: readonly string[] | undefined;
  readonly projects?: readonly string[] | undefined;
  readonly resourceGroups?: readonly string[] | undefined;
  readonly folders?: readonly string[] | undefined;
}

export interface SessionListFilter {
  /** Status words; none means the live ones, `all` every one. */
  readonly statuses: readonly string[] | 'live' | 'all';
  /** `own` also for an administrator, or everybody's (administrators only), or one access key's. */
  readonly owner: 'own' | 'everyone' | { readonly accessKey: string };
  /** Exactly this name; any when left out. */
  readonly name?: string;
}

export interface SessionApi {
  create(request: CreateRequest, signal: AbortSignal): Promise<CreatedSession>;
  /** Sessions with exactly this name or id, newest first, ended ones included. */
  match(reference: string, signal: AbortSignal): Promise<readonly SessionRef[]>;
  /** Nothing when there is none with this id, or it is somebody else's. */
  describe(id: string, signal: AbortSignal): Promise<SessionDetails | undefined>;
  list(filter: SessionListFilter, signal: AbortSignal): Promise<readonly SessionSummary[]>;
  /** Live events of one session; ends when the stream does. There is no replay: read the status after opening. */
  events(session: SessionRef, signal: AbortSignal): AsyncIterable<SessionEvent>;
  logs(session: SessionRef, signal: AbortSignal): Promise<string>;
  rename(session: SessionRef, name: string, signal: AbortSignal): Promise<void>;
  terminate(session: SessionRef, options: TerminateOptions, signal: AbortSignal): Promise<void>;
  images(signal: AbortSignal): Promise<readonly ImageSummary[]>;
  /** What the account can choose from in place of the names of `request`; never rejects for what it cannot find out. */
  choices(request: Pick<CreateRequest, 'project'>, signal: AbortSignal): Promise<CreateChoices>;
  apps(session: SessionRef, signal: AbortSignal): Promise<readonly ServicePort[]>;
  /** A small file (at most 1 MiB) below the session's home. */
  readFile(session: SessionRef, path: string, signal: AbortSignal): Promise<Uint8Array>;
}

export interface TerminateOptions {
  readonly forced: boolean;
  /** Also the sessions that depend on it. */
  readonly recursive: boolean;
}
