/** An SFTP connection into a session: no local port, the key only in memory. */

import type { SessionRef } from '../../core/session/session.ts';
import type { LookAhead } from '../../core/sftp/look-ahead.ts';
import { cipherOrder, type LinkTuning, type StrongCipher } from '../../core/ssh/link-tuning.ts';
import type { SftpConnection } from '../../transfer/engine/sftp-connection.ts';
import { openRunningSession } from '../session/open-session.ts';
import { headStart } from '../ssh/head-start.ts';
import { type KeySource, logIn, loginKeyFor, type OpenedAccess, openAccess } from '../ssh/open-access.ts';
import type { LoginRequest, SshTools } from '../ssh/ssh-tools.ts';

export interface OpenSftpTools extends SshTools {
  connectSftp(request: ConnectSftpRequest): Promise<SftpConnection>;
  /** What was measured for a session, by its `peer`. */
  lineOf(peer: string): Promise<LinkTuning | undefined>;
}

export interface ConnectSftpRequest extends LoginRequest {
  /** In the order of preference. */
  readonly ciphers: readonly StrongCipher[];
  readonly ahead?: LookAhead;
}

export interface SftpWish {
  /** Hears which session it is before the connection is made. */
  readonly found?: ((session: SessionRef) => void) | undefined;
  readonly ahead?: LookAhead;
}

interface OpenedSftp {
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
export async function openLine(reference: string, tools: OpenSftpTools): Promise<OpenedLine> {
  const session = await openRunningSession(reference, tools);
  const way = { key: await loginKeyFor(session, tools), access: await openAccess(session, tools) };
  return {
    session,
    peer: way.access.hostKeyAlias,
    connect: (ciphers) => connectSftp(way, ciphers, tools),
  };
}

export async function openSftp(
  reference: string,
  given: OpenSftpTools,
  { found, ahead }: SftpWish = {},
): Promise<OpenedSftp> {
  await using start = await headStart(reference, given);
  const { tools } = start;
  const session = await openRunningSession(reference, tools);
  found?.(session);
  // It may ask for a passphrase.
  const key = await loginKeyFor(session, tools);
  const busy = tools.reporter.busy(`connecting to session ${session.name}`);
  try {
    const way = { key, access: await openAccess(session, tools) };
    const peer = way.access.hostKeyAlias;
    const line = await tools.lineOf(peer);
    const dial = (): Promise<SftpConnection> => connectSftp(way, cipherOrder(line?.cipher), tools);
    const connection = await connectSftp({ ...way, ahead }, cipherOrder(line?.cipher), tools);
    return { connection, dial, peer, line };
  } finally {
    busy.stop();
  }
}

interface Way {
  readonly access: OpenedAccess;
  readonly key: KeySource;
  readonly ahead?: LookAhead | undefined;
}

function connectSftp(
  { ahead, ...way }: Way,
  ciphers: readonly StrongCipher[],
  tools: OpenSftpTools,
): Promise<SftpConnection> {
  const make = (request: LoginRequest): Promise<SftpConnection> =>
    tools.connectSftp({ ...request, ciphers, ...(ahead && { ahead }) });
  return logIn({ ...way, make }, tools);
}
