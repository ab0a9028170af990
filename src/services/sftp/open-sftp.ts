/** An SFTP connection into a session: no local port, the key only in memory. */

import type { SessionRef } from '../../core/session/session.ts';
import { cipherOrder, type LinkTuning, type StrongCipher } from '../../core/ssh/link-tuning.ts';
import type { SftpConnection } from '../../transfer/engine/sftp-connection.ts';
import { openRunningSession } from '../session/open-session.ts';
import { hostKeyAlias } from '../ssh/app-deps.ts';
import { connect, findWay, type LoginRequest, type Way, type WayDeps } from '../ssh/ssh-way.ts';

export interface OpenSftpDeps extends WayDeps {
  connectSftp(request: ConnectSftpRequest): Promise<SftpConnection>;
  /** What was measured for a session, by its `peer`. */
  lineOf(peer: string): Promise<LinkTuning | undefined>;
}

export interface ConnectSftpRequest extends LoginRequest {
  /** In the order of preference. */
  readonly ciphers: readonly StrongCipher[];
}

export interface OpenedSftp {
  readonly connection: SftpConnection;
  /** One more connection to the same session, even if another has its name by now. */
  readonly dial: () => Promise<SftpConnection>;
  /** The session, by a name that no other one gets. */
  readonly peer: string;
  /** What was measured for this session, and is in use; nothing when nothing was. */
  readonly line: LinkTuning | undefined;
}

export interface OpenedLine {
  readonly session: SessionRef;
  /** The session, by a name that no other one gets. */
  readonly peer: string;
  /** Each call is one more connection. */
  readonly connect: (ciphers: readonly StrongCipher[]) => Promise<SftpConnection>;
}

/** The way to a session, without a connection so far and without what was measured for it before. */
export async function openLine(reference: string, deps: OpenSftpDeps): Promise<OpenedLine> {
  const session = await openRunningSession(reference, deps);
  const way = await findWay(session, deps);
  return {
    session,
    peer: hostKeyAlias(session),
    connect: (ciphers) => connectSftp(way, ciphers, deps),
  };
}

/** `found` hears which session it is before the connection is made. */
export async function openSftp(
  reference: string,
  deps: OpenSftpDeps,
  found: (session: SessionRef) => void = () => {},
): Promise<OpenedSftp> {
  const session = await openRunningSession(reference, deps);
  found(session);
  // It may ask for a passphrase.
  const way = await findWay(session, deps);
  const busy = deps.reporter.busy(`connecting to session ${session.name}`);
  try {
    const peer = hostKeyAlias(session);
    const line = await deps.lineOf(peer);
    const dial = (): Promise<SftpConnection> => connectSftp(way, cipherOrder(line?.cipher), deps);
    return { connection: await dial(), dial, peer, line };
  } finally {
    busy.stop();
  }
}

function connectSftp(
  way: Way,
  ciphers: readonly StrongCipher[],
  deps: OpenSftpDeps,
): Promise<SftpConnection> {
  return connect(way, (request) => deps.connectSftp({ ...request, ciphers }), deps);
}
