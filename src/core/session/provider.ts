/**
 * What bai asks of a platform. One folder below `src/providers/` answers it, and everything above knows this file only. What not
 * every platform can do is optional: `requireFeature` turns its absence into the error `unsupported`.
 */

import type { Duplex } from 'node:stream';
import type { WayIn } from '../allow-from.ts';
import type { Checkup } from '../doctor/stages.ts';
import type { AccountKey, PublicKeys } from './account-keys.ts';
import type { CreatePlan, Likeness } from './creation.ts';
import type { SessionListing } from './listing.ts';
import type { FolderOffer, ImageOffer, ProjectOffer, ResourceOffer, ResourceScope } from './offers.ts';
import type { ServicePort, SessionDetails, SessionEvent, SessionRef, SessionSummary } from './session.ts';
import type { SignedIn } from './sign-in.ts';

/** Its functions need no `this`. */
export interface Provider extends AsyncDisposable {
  /** As profiles and `--json` have it. */
  readonly name: string;
  /** As its people write it. */
  readonly title: string;
  /** The usual account inside its sessions where nobody says another one; nothing where there is none. */
  readonly account?: string;
  /** Of a session as `list` and `find` gave it, where each has an account of its own and it is known by now. */
  accountIn?(this: void, session: SessionRef): string | undefined;
  readonly listing: SessionListing;
  /** Better reasons than the usual ones for what it lacks. */
  readonly absences?: Partial<Readonly<Record<Feature, Absence>>>;
  /** Whether the text has the form of a whole id. */
  isId(this: void, text: string): boolean;
  /** Whether the text can be the beginning of an id. */
  isIdPrefix(this: void, text: string): boolean;
  /** Whether ids that differ in case only are two. */
  readonly idsHaveCase?: boolean;
  phaseOf(this: void, status: string): SessionPhase;
  /** Milliseconds between two looks at a session that starts, where no event comes; two seconds when left out. */
  readonly pollMs?: number;
  /** As `phaseOf`, for who waits for it to start: `done` where its end is what is waited for, as of a batch job. */
  waitPhase?(this: void, session: SessionDetails): SessionPhase | 'done';
  /** Whether, on the way that is taken, the end of a session or of its SSH server ends no connection to it: who is in one has to ask. */
  readonly hidesEnds?: boolean;
  /** What a host key is pinned under: of this session, and of one of its nodes, and of nothing else ever. */
  hostKeyAlias(this: void, session: Pick<SessionRef, 'id' | 'node'>): string;
  /** A session that is taken for running by its id alone: its dial says when it is not. Only where dials need no more. */
  refOf?(this: void, id: string): SessionRef;
  /** Where a dial needs no more than an id: it can be begun by what a reference led to last time, while that is looked up. */
  readonly lastTime?: LastTime;
  /** Sessions with exactly this name or id, newest first, ended ones included. */
  find(this: void, reference: string, signal: AbortSignal): Promise<readonly SessionRef[]>;
  list(this: void, filter: SessionListFilter, signal: AbortSignal): Promise<readonly SessionSummary[]>;
  /** Nothing when there is none with this id, or it is somebody else's. */
  describe(this: void, id: string, signal: AbortSignal): Promise<SessionDetails | undefined>;
  /** How to get to the SSH server of a session that runs; nothing is dialled yet. */
  access(this: void, session: SessionRef, options: AccessOptions): Promise<SshAccess>;

  create?(this: void, request: CreateRequest, tools: CreateTools): Promise<CreatedSession>;
  /** As `create` up to where something would be made: looks everything up that can be, and changes nothing. */
  plan?(this: void, request: CreateRequest, tools: Pick<CreateTools, 'signal'>): Promise<CreatePlan>;
  /** What makes another session like this one. */
  like?(this: void, session: SessionRef, signal: AbortSignal): Promise<Likeness>;
  terminate?(this: void, session: SessionRef, options: TerminateOptions, signal: AbortSignal): Promise<void>;
  rename?(this: void, session: SessionRef, name: string, signal: AbortSignal): Promise<void>;
  /** More time for a session that ends by itself. */
  extend?(this: void, session: SessionRef, byMs: number, signal: AbortSignal): Promise<ExtendedSession>;
  /** Uses a session for a moment, where one that nobody uses ends by itself: that time begins anew then. */
  use?(this: void, session: SessionRef, signal: AbortSignal): Promise<void>;
  /** Whether a session is not idle while somebody is connected to it; it is not when left out. */
  countsConnections?(this: void, signal: AbortSignal): Promise<boolean>;
  logs?(this: void, session: SessionRef, signal: AbortSignal): Promise<string>;
  /** Live events of one session; ends when the stream does. There is no replay: read the status after opening. */
  events?(this: void, session: SessionRef, signal: AbortSignal): AsyncIterable<SessionEvent>;
  readonly apps?: SessionApps;
  readonly nodes?: SessionNodes;
  readonly files?: SessionFiles;
  readonly issuedKey?: IssuedKey;
  readonly accountKey?: AccountKey;
  readonly publicKeys?: PublicKeys;
  /** What new sessions can be made of, newest or most useful first as the platform has them. */
  images?(this: void, signal: AbortSignal): Promise<readonly ImageOffer[]>;
  /** The folders that a session can mount. */
  folders?(this: void, signal: AbortSignal): Promise<readonly FolderOffer[]>;
  /** What there is to run on, and how much of it the account may use. */
  resources?(this: void, signal: AbortSignal, scope?: ResourceScope): Promise<ResourceOffer>;
  projects?(this: void, signal: AbortSignal): Promise<readonly ProjectOffer[]>;
  /** Why the SSH server refused a key, as far as the platform lets one see what it goes by. */
  explainRefusal?(this: void, refusal: Refusal, signal: AbortSignal): Promise<RefusalCause>;
  /** Whose the key, login or token is. Rejects with a DeniedError when it is refused. */
  signedInAs?(this: void, signal: AbortSignal): Promise<SignedIn>;
  /** What `bai doctor` looks at of this platform. */
  readonly checkup?: Checkup;
  /** Whose session it is that the caller does not have; nothing when there is none, or the caller may not know. */
  ownerOf?(this: void, reference: string, signal: AbortSignal): Promise<ForeignSession | undefined>;
}

/** Which session a reference led to. */
export interface LastTime {
  sessionOf(this: void, reference: string): Promise<SessionRef | undefined>;
  /** Without a session it is forgotten. Never rejects. */
  keep(this: void, reference: string, session: SessionRef | undefined): Promise<void>;
}

/** What a platform may lack. */
export type Feature =
  | 'create'
  | 'plan'
  | 'like'
  | 'terminate'
  | 'rename'
  | 'extend'
  | 'logs'
  | 'apps'
  | 'nodes'
  | 'files'
  | 'issuedKey'
  | 'accountKey'
  | 'publicKeys'
  | 'images'
  | 'folders'
  | 'resources'
  | 'projects';

/** A platform without a connection to it. */
export interface ProviderFacts {
  /** As profiles have it. */
  readonly name: string;
  readonly title: string;
  readonly features: readonly Feature[];
}

/** Why a platform lacks something. */
export interface Absence {
  /** Completes "TITLE …". */
  readonly why: string;
  /** What to do instead. */
  readonly instead: string;
}

/**
 * `failed` still holds its name and is in lists of what is there; `cancelled` never ran. A word that the provider does not know
 * is `starting`.
 */
export type SessionPhase = 'starting' | 'ready' | 'suspended' | 'ending' | 'ended' | 'failed' | 'cancelled';

export interface SessionListFilter {
  /** Status words; or the live ones, or `all`. */
  readonly statuses: readonly string[] | 'live' | 'all';
  /** The caller's own, also for an administrator; everybody's or one owner's, for administrators only. */
  readonly owner: 'own' | 'everyone' | { readonly owner: string };
  /** Exactly this name; any when left out. */
  readonly name?: string;
}

/** One dial is one byte stream to the session's sshd, or to another of its apps. */
export interface Tunnel {
  dial(signal: AbortSignal): Promise<Duplex>;
}

/**
 * A port that leads into a session past the platform's own channel, for other machines too: of an app proxy, or of the machine that
 * the session runs on.
 */
export interface Gateway {
  readonly via: Exclude<WayIn, 'manager'>;
  readonly host: string;
  readonly port: number;
  /** Addresses and networks; nothing where the platform neither asks nor tells. */
  readonly allowedFrom?: 'everywhere' | readonly string[];
}

export interface GatewayOptions {
  readonly signal: AbortSignal;
  /** The one that is wished for; another one when the session has a port for the same already. */
  readonly port?: number | undefined;
}

export interface AccessOptions {
  readonly signal: AbortSignal;
  /** See `GatewayOptions`, where there is one. */
  readonly port?: number | undefined;
  /** When nothing was heard for so long, the line is dead; about half a minute when left out. */
  readonly silenceMs?: number | undefined;
}

/** The way to a session's SSH server: forwarder, ssh, transfer and keys know nothing else of a provider. */
export interface SshAccess extends Tunnel {
  /** The account inside the session where nobody says another one. */
  readonly user: string;
  /** Its home folder, absolute; nothing where the session has to be asked. */
  readonly home?: string;
  /** See `Provider.hostKeyAlias`. */
  readonly hostKeyAlias: string;
  /**
   * How far the way in vouches for the server at its end. `channel`, when left out: its first host key is pinned. `first-use`: it
   * goes over the open network, and somebody has to say that the first key is the right one.
   */
  readonly hostKeyTrust?: 'channel' | 'first-use';
  /** Where the first host key is learnt, before anything is dialled, when that is another way: one that vouches for the server. */
  readonly hostKeyFrom?: Tunnel;
  /** What is dialled, where others can dial it as well. */
  readonly gateway?: Gateway;
  /** The address of its SSH server, for people, where there is one. */
  readonly place?: string;
}

/** What every provider's own request has. */
export interface CreateRequest {
  /** Nothing: the platform gives it one, or none. */
  readonly name?: string | undefined;
}

export interface CreateTools {
  readonly signal: AbortSignal;
  /** For what costs money: throws when the answer is no, and where nobody can be asked and `--yes` was not given. */
  confirm(this: void, question: string): Promise<void>;
  info(this: void, message: string): void;
  /** Something that takes long, with its end told. */
  step(this: void, text: string): { done(text?: string): void; fail(): void };
}

export interface CreatedSession extends SessionRef {
  /** False when a session of that name was there and is used again. */
  readonly created: boolean;
  /** What it was made from, by its whole name. */
  readonly image: string;
}

export interface ExtendedSession {
  /** When it ends now, in ISO 8601; empty when the provider does not say. */
  readonly expiresAt: string;
}

export interface TerminateOptions {
  readonly forced: boolean;
  /** Also the sessions that depend on it. */
  readonly recursive: boolean;
}

interface SessionApps {
  list(this: void, session: SessionRef, signal: AbortSignal): Promise<readonly ServicePort[]>;
  tunnel(this: void, session: SessionRef, app: string): Tunnel;
  /** Opens a port of a gateway in place of a tunnel; nothing where sessions are reached through the platform. */
  readonly gateway?:
    | ((this: void, session: SessionRef, app: ServicePort, options: GatewayOptions) => Promise<Gateway>)
    | undefined;
}

/** Sessions of several containers. */
interface SessionNodes {
  /** The one that `access` leads to. */
  readonly main: string;
  list(this: void, session: SessionRef, signal: AbortSignal): Promise<readonly SessionNode[]>;
}

export interface SessionNode {
  readonly hostname: string;
  readonly status: string;
}

interface SessionFiles {
  /** A small file (at most 1 MiB) below the session's home. */
  read(this: void, session: SessionRef, path: string, signal: AbortSignal): Promise<Uint8Array>;
}

/** A private key that the session itself hands out, and lets in. */
interface IssuedKey {
  /** The name of its file, here and there. */
  readonly file: string;
  /** OpenSSH or PEM text. Throws a NotFoundError `no-issued-key` with the reason when the session hands out none. */
  read(this: void, session: SessionRef, signal: AbortSignal): Promise<Uint8Array>;
}

export interface Refusal {
  readonly session: SessionRef;
  /** The account that was logged in to. */
  readonly user: string;
  readonly tried: TriedKey | TriedKeys;
  /** The fingerprint of the session's own key; nothing when it cannot be found out. */
  issued(signal: AbortSignal): Promise<string | undefined>;
  /** Fingerprints in the session's authorized_keys; nothing when it cannot be read. */
  authorized(signal: AbortSignal): Promise<readonly string[] | undefined>;
}

export interface TriedKey {
  /** `SHA256:…`; nothing where it cannot be read. */
  readonly fingerprint: string | undefined;
  /** The user's own key file, when that was used; else it was the session's own key. */
  readonly path: string | undefined;
  /** Whether bai wrote that key file, which then is of some session. */
  readonly isIssued: boolean;
}

/** Several keys of the user's own. */
export interface TriedKeys {
  /** For people, in the order in which they were tried. */
  readonly names: readonly string[];
  readonly fingerprints: readonly string[];
  /** The server ended it, as servers do after some keys. */
  readonly hungUp: boolean;
}

export interface RefusalCause {
  /** Stable, for scripts. */
  readonly reason: string;
  readonly message: string;
  readonly hint: string;
}

export interface ForeignSession {
  readonly id: string;
  readonly owner: string;
  /** What the caller can do with it. */
  readonly hint: string;
}
