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
    const announced = connection.announcedBytes() ?? 0;
    await connection[Symbol.asyncDispose]();
    throw announced > longestPacket ? noisyShell(announced, session, error) : error;
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

/** ssh2 takes none that is longer. */
const longestPacket = 256 * 1024;

/** dropbear runs the subsystem through the login shell: what an rc file prints arrives as a packet length. */
function noisyShell(length: number, session: string, cause: unknown): ProtocolError {
  return new ProtocolError(
    `session ${session} sent text where SFTP belongs; it begins with ${firstBytes(length)}`,
    {
      code: 'noisy-shell',
      hint: `a start-up file of the shell in the session (.bashrc, .zshenv, .profile) prints that (OpenSSH says "Received message too long ${length}"): put \`case $- in *i*) ;; *) return ;; esac\` at its beginning, so that it prints for interactive shells only`,
      cause,
    },
  );
}

function explain(error: Error, session: string): Error {
  return new ProtocolError(`session ${session} has no SFTP service: ${error.message}`, {
    code: 'no-sftp',
    cause: error,
  });
}

/** The length of a packet that is none: four bytes of text, as far as they are whole characters. */
function firstBytes(length: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  // A text that is shorter is followed by the first packet's zeros.
  const [text = ''] = new TextDecoder().decode(bytes, { stream: true }).split('\0');
  return text === '' || text.includes('\ufffd') ? `the bytes ${bytes.toString('hex')}` : JSON.stringify(text);
}
