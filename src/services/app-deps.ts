/** What the services that go through a tunnel ask for. */

import type { Duplex } from 'node:stream';
import type { SessionRef } from '../core/session.ts';
import type { Forwarder, Tunnel } from '../core/ssh-access.ts';
import type { ForwarderOptions } from '../proxy/forwarder.ts';
import type { FetchKeyDeps } from './fetch-key.ts';

export interface AppDeps extends FetchKeyDeps {
  tunnelTo(session: SessionRef, app: string): Tunnel;
  startForwarder(options: ForwarderOptions): Promise<Forwarder>;
  readonly knownHosts: KnownHostsAccess;
  /** Learns a host key through a stream and hangs up. */
  fetchHostKey(stream: Duplex, session: string, signal: AbortSignal): Promise<Uint8Array>;
  /** Throws when a key file of the user's own is missing or is no private key. */
  checkOwnKey(path: string): Promise<void>;
  readonly settings: AppSettings;
  readonly nullDevice: string;
}

export interface KnownHostsAccess {
  readonly path: string;
  pinned(alias: string): Promise<readonly Uint8Array[]>;
  verify(
    alias: string,
    key: Uint8Array,
    place: Pick<SessionRef, 'name' | 'node'>,
  ): Promise<'known' | 'pinned'>;
}

export interface AppSettings {
  readonly user: string;
  /** Where `id_container` goes. */
  readonly keyPath: string;
  /** A private key file of the user's own; then nothing is fetched. */
  readonly identity: string | undefined;
  readonly preferredPort: number | undefined;
}

/** The name a session's host key is pinned under; each node of a cluster session has a key of its own. */
export function hostKeyAlias({ id, node }: Pick<SessionRef, 'id' | 'node'>): string {
  return node === undefined ? `bai-${id}` : `bai-${id}-${node}`;
}
