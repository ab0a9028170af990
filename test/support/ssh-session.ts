/** Connections to a test server by the parts that the command line uses: programs, flow control and all. */

import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { LookAhead } from '../../src/core/sftp/look-ahead.ts';
import { openSshConnection, type SshConnection } from '../../src/ssh/connection.ts';
import { openSftp } from '../../src/ssh/sftp.ts';
import type { SftpConnection } from '../../src/transfer/engine/sftp-connection.ts';

export interface SshServer {
  readonly port: number;
  readonly user: string;
  readonly privateKeyPath: string;
}

export async function connectTo(
  server: SshServer,
  signal: AbortSignal = new AbortController().signal,
): Promise<SshConnection> {
  const stream = connect({ port: server.port, host: '127.0.0.1', noDelay: true });
  return openSshConnection({
    session: 'test',
    user: server.user,
    stream,
    privateKey: readFile(server.privateKeyPath),
    verifyHostKey: async () => {},
    signal,
  });
}

/** With programs, unlike a bare SFTP channel. */
export async function connectFully(
  server: SshServer,
  signal?: AbortSignal,
  ahead?: LookAhead,
): Promise<SftpConnection> {
  return openSftp(await connectTo(server, signal), 'test', ahead);
}
