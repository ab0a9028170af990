/** How to get into a session: forwarder, ssh, transfer and keys know nothing else of its provider. */

import type { Duplex } from 'node:stream';

/** One dial is one byte stream to the session's sshd, or to another of its apps. */
export interface Tunnel {
  dial(signal: AbortSignal): Promise<Duplex>;
}

export type Identity =
  /** The user's own key file; nothing is fetched. */
  | { readonly kind: 'user'; readonly path: string }
  /** A private key that the provider issued for this session (OpenSSH or PEM text). */
  | { readonly kind: 'issued'; fetch(signal: AbortSignal): Promise<Uint8Array> };

export interface SshAccess {
  /** Account inside the session, usually `work`. */
  readonly user: string;
  readonly tunnel: Tunnel;
  readonly identity: Identity;
  /** The name its host key is pinned under: `bai-<session id>`, never host:port, for those are reused. */
  readonly hostKeyAlias: string;
}

/** A listener on this machine whose connections all end in one session. */
export interface Forwarder extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Settles when the listener is gone; rejects when it broke by itself. */
  readonly closed: Promise<void>;
  /** Resolves when the client that came first has ended its connection, whatever may still be on its way to it. */
  firstGone(): Promise<void>;
}
