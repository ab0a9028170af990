/** What the services that go through a tunnel ask for. */

import type { Duplex } from 'node:stream';
import type { SessionRef } from '../../core/session/session.ts';
import type { KeyStore } from '../../core/settings/settings.ts';
import type { Forwarder, Tunnel } from '../../core/ssh/ssh-access.ts';
import type { PrivateKey } from '../../keys/private-key.ts';
import type { ForwarderOptions } from '../../proxy/forwarder.ts';
import type { FetchKeyDeps } from '../keys/fetch-key.ts';
import type { UserKeyDeps } from './user-keys.ts';

export interface AppDeps extends FetchKeyDeps, UserKeyDeps {
  /** When nothing was heard for `silenceMs`, the line is dead; about half a minute when left out. */
  tunnelTo(session: SessionRef, app: string, silenceMs?: number): Tunnel;
  startForwarder(options: ForwarderOptions): Promise<Forwarder>;
  readonly knownHosts: KnownHostsAccess;
  /** Learns a host key through a stream and hangs up. */
  fetchHostKey(stream: Duplex, session: string, signal: AbortSignal): Promise<Uint8Array>;
  /** Throws when a key file of the user's own is missing or is no private key. */
  checkOwnKey(path: string): Promise<void>;
  /** For a while, which the settings tell; nothing is written. */
  addToAgent(key: PrivateKey): Promise<void>;
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
  /** The keys of the SSH agent are used; then nothing is fetched, and there is no `identity`. */
  readonly usesAgent: boolean;
  readonly keyStore: KeyStore;
  /** As `ssh-add -t` takes it. */
  readonly keyLifetime: string;
  readonly preferredPort: number | undefined;
}

/** The name a session's host key is pinned under; each node of a cluster session has a key of its own. */
export function hostKeyAlias({ id, node }: Pick<SessionRef, 'id' | 'node'>): string {
  return node === undefined ? `bai-${id}` : `bai-${id}-${node}`;
}
