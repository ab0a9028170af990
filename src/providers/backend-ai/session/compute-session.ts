/** Sessions as managers know them, and what a manager is asked about them. */

import type { ImageOffer } from '../../../core/session/offers.ts';
import type { CreateRequest, SessionListFilter, TerminateOptions } from '../../../core/session/provider.ts';
import type {
  ServicePort,
  SessionDetails,
  SessionEvent,
  SessionRef,
  SessionSummary,
} from '../../../core/session/session.ts';

export interface ComputeSession extends SessionSummary {
  readonly provider: 'backend.ai';
  readonly image: string;
  readonly type: string;
  readonly statusInfo: string;
  readonly project: string;
  readonly resourceGroup: string;
  readonly accessKey: string;
  readonly nodes: number;
  /** ISO 8601, or an empty string when the manager does not say. */
  readonly createdAt: string;
  readonly terminatedAt: string;
  /** Slot name → amount as the manager writes it, e.g. `{cpu: "2", mem: "4294967296"}`. */
  readonly resources: Readonly<Record<string, string>>;
  readonly services: readonly ServicePort[];
}

interface SessionContainer {
  readonly id: string;
  readonly hostname: string;
  readonly role: string;
  readonly status: string;
  readonly agent: string;
}

export interface ComputeSessionDetails extends ComputeSession, SessionDetails {
  readonly statusInfo: string;
  readonly statusData: unknown;
  readonly idleChecks: unknown;
  /** Of a batch session: `SUCCESS`, `FAILURE` or `UNDEFINED`. */
  readonly result: string;
  /** Names of the virtual folders that are mounted; where they are mounted managers do not say. */
  readonly mounts: readonly string[];
  readonly containers: readonly SessionContainer[];
}

export interface ComputeSessionRequest extends CreateRequest {
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

export interface CreatedComputeSession extends SessionRef {
  /** False when a session of that name was there and is used again. */
  readonly created: boolean;
}

/** What finding an image goes by, and what a session of it needs. */
export type ImageSummary = Pick<ImageOffer, 'reference' | 'architecture' | 'aliases' | 'least'>;

/** Names that a request may hold; nothing for a kind that the manager does not tell. */
export interface CreateChoices {
  readonly domains?: readonly string[] | undefined;
  readonly projects?: readonly string[] | undefined;
  readonly resourceGroups?: readonly string[] | undefined;
  readonly folders?: readonly string[] | undefined;
}

/** The calls of a manager that are about sessions. */
export interface SessionCalls {
  create(request: ComputeSessionRequest, signal: AbortSignal): Promise<CreatedComputeSession>;
  /** Sessions with exactly this name or id, newest first, ended ones included. */
  match(reference: string, signal: AbortSignal): Promise<readonly SessionRef[]>;
  /** Nothing when there is none with this id, or it is somebody else's. */
  describe(id: string, signal: AbortSignal): Promise<ComputeSessionDetails | undefined>;
  list(filter: SessionListFilter, signal: AbortSignal): Promise<readonly ComputeSession[]>;
  events(session: SessionRef, signal: AbortSignal): AsyncIterable<SessionEvent>;
  logs(session: SessionRef, signal: AbortSignal): Promise<string>;
  rename(session: SessionRef, name: string, signal: AbortSignal): Promise<void>;
  terminate(session: SessionRef, options: TerminateOptions, signal: AbortSignal): Promise<void>;
  images(signal: AbortSignal): Promise<readonly ImageSummary[]>;
  /** What the account can choose from in place of the names of `request`; never rejects for what it cannot find out. */
  choices(request: Pick<ComputeSessionRequest, 'project'>, signal: AbortSignal): Promise<CreateChoices>;
  apps(session: SessionRef, signal: AbortSignal): Promise<readonly ServicePort[]>;
  /** A small file (at most 1 MiB) below the session's home. */
  readFile(session: SessionRef, path: string, signal: AbortSignal): Promise<Uint8Array>;
}
