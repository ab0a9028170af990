/** Opens the SFTP subsystem of an SSH connection. */

import type { Client, SFTPWrapper } from 'ssh2';
import { ProtocolError, UnreachableError } from '../errors.ts';
import type { SftpConnection } from '../transfer/sftp-connection.ts';
import type { SshConnection } from './connection.ts';
import { sendTogether } from './fewer-packets.ts';
import { startProgram } from './remote-program.ts';
import { runRemote } from './run-remote.ts';
import { widenWindow, windowOf } from './window.ts';

/** Takes the connection over: disposing the result closes it. */
export async function openSftp(connection: SshConnection, session: string): Promise<SftpConnection> {
  const openChannel = (): Promise<SFTPWrapper> =>
    Promise.race([openSubsystem(connection.client, session), connection.lost]);
  try {
    const startedAt = performance.now();
    const sftp = await openChannel();
    // Opening takes two round trips and the start of a process.
    const roundTripMs = (connection.sftpOpenedAt() ?? performance.now()) - startedAt;
    const broken = new Promise<never>((_, reject) => {
      sftp.on('error', (error: Error) => reject(explain(error, session)));
      sftp.on('close', () =>
        reject(
          new UnreachableError(`session ${session} ended the SFTP connection`, { code: 'connection-lost' }),
        ),
      );
    });
    const lost = Promise.race([connection.lost, broken]);
    lost.catch(() => {});
    return {
      sftp,
      lost,
      roundTripMs,
      cipher: connection.cipher,
      windowBytes: () => windowOf(sftp),
      openChannel,
      run: (words, options) => runRemote(connection, words, options),
      start: (words, options) => startProgram(connection, words, options),
      [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
    };
  } catch (error) {
    await connection[Symbol.asyncDispose]();
    throw error;
  }
}

function openSubsystem(client: Client, session: string): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) => {
    client.sftp((error, sftp) => {
      if (error) reject(explain(error, session));
      else {
        widenWindow(sftp);
        sendTogether(sftp);
        resolve(sftp);
      }
    });
  });
}

/** dropbear runs the subsystem through the login shell: what an rc file prints arrives as a packet length. */
function explain(error: Error, session: string): Error {
  const length = /\b(\d{6,10})\b/.exec(error.message)?.[1];
  const text = length === undefined ? '' : asciiOf(Number(length));
  if (text !== '') {
    return new ProtocolError(`session ${session} sent text where SFTP belongs; it begins with "${text}"`, {
      code: 'noisy-shell',
      hint: 'a start-up file of the shell (.bashrc, .zshrc) prints something: let it print only for interactive shells',
      cause: error,
    });
  }
  return new ProtocolError(`session ${session} has no SFTP service: ${error.message}`, {
    code: 'no-sftp',
    cause: error,
  });
}

/** The four bytes of a number when they are printable text, else nothing. */
function asciiOf(value: number): string {
  const bytes = Buffer.alloc(4);
  if (value > 0xffffffff) return '';
  bytes.writeUInt32BE(value);
  return bytes.every(
    (byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x1b,
  )
    ? bytes.toString('latin1')
    : '';
}
