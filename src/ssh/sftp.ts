/** Opens the SFTP subsystem of an SSH connection. */

import type { SFTPWrapper } from 'ssh2';
import type { LookAhead } from '../core/sftp/look-ahead.ts';
import { firstBytes, strangeLengthOf, strangePacket } from '../core/sftp/sftp-strangeness.ts';
import { BaiError, ProtocolError, UnreachableError } from '../errors.ts';
import type { SftpConnection } from '../transfer/engine/sftp-connection.ts';
import { ask, noAnswer } from './ask.ts';
import type { SshConnection, WithLogin } from './connection.ts';
import { widenWindow, windowOf } from './flow-control.ts';
import { startProgram } from './remote-program.ts';
import { batchRequests, writeUncopied } from './request-batching.ts';
import { runRemote } from './run-remote.ts';
import { sftpVersionOf } from './ssh2-internals.ts';

/** Takes the connection over: disposing the result closes it. */
export async function openSftp(
  connection: SshConnection,
  session: string,
  ahead: LookAhead = { paths: [] },
): Promise<SftpConnection> {
  const openChannel = (): Promise<SFTPWrapper> => openSubsystem(connection, session);
  try {
    const startedAt = performance.now();
    connection.lookAhead(ahead);
    const sftp = await openChannel();
    // Opening takes two round trips and the start of a process.
    const openedMs = (connection.sftpOpenedAt() ?? performance.now()) - startedAt;
    const roundTripMs = withoutCheck(connection.loginMs()) ?? openedMs;
    const broken = new Promise<never>((_, reject) => {
      sftp.on('error', (error: Error) => reject(brokenError(error, session)));
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
      givenAhead: () => connection.givenAhead(),
      partAhead: () => connection.partAhead(),
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

/** What a server takes to check a signature, near enough. */
const signatureMs = 10;

function withoutCheck(loginMs: number | undefined): number | undefined {
  return loginMs === undefined ? undefined : Math.max(0, loginMs - signatureMs);
}

/** For the connection that is made for it; `begun` hears of the only file server that it starts then. */
export function sftpWithLogin(
  { session, ahead }: { readonly session: string; readonly ahead: LookAhead },
  begun: (opened: Promise<SftpConnection>) => void,
): WithLogin {
  return {
    begin: (connection) => begun(openSftp(connection, session, ahead)),
    late: (seconds) => notStarted(session, seconds),
  };
}

async function openSubsystem(connection: SshConnection, session: string): Promise<SFTPWrapper> {
  const question = {
    send(done: (error: Error | undefined, sftp?: SFTPWrapper) => void) {
      connection.client.sftp((error, sftp) => {
        if (error) return done(error);
        widenWindow(sftp);
        batchRequests(sftp);
        writeUncopied(sftp);
        done(undefined, sftp);
      });
    },
    late: (seconds: number) => notStarted(session, seconds, whereItWaits(connection)),
    drop: (sftp: SFTPWrapper) => sftp.end(),
  };
  try {
    const sftp = await ask(question, connection);
    checkVersion(sftp, session);
    return sftp;
  } catch (error) {
    throw error instanceof Error && !(error instanceof BaiError) ? explain(error, session) : error;
  }
}

function notStarted(session: string, seconds: number, hint?: string): Error {
  return noAnswer(`session ${session} did not start its file server`, seconds, hint);
}

/** dropbear runs the file server through the login shell. */
function whereItWaits(connection: SshConnection): string | undefined {
  if (connection.sftpOpenedAt() === undefined) return undefined;
  return 'a start-up file of the login shell in the session (.bashrc, .zshenv, .profile) may wait for something, or take longer than BAI_ANSWER_TIMEOUT (the setting answerTimeout): put `case $- in *i*) ;; *) return ;; esac` at its beginning, so that the rest is for interactive shells only';
}

/** The version that bai speaks, which every server is asked for. */
const sftpVersion = 3;

function checkVersion(sftp: SFTPWrapper, session: string): void {
  const version = sftpVersionOf(sftp);
  if (version === sftpVersion) return;
  sftp.end();
  throw new ProtocolError(
    `the file server of session ${session} speaks version ${version} of SFTP, and was asked for ${sftpVersion}`,
    { code: 'no-sftp' },
  );
}

function explain(error: Error, session: string): Error {
  const length = strangeLengthOf(error);
  if (length !== undefined && length > 0) return noisyShell(length, session, error);
  return strangePacket(error) === undefined ? noSftp(error, session) : brokenError(error, session);
}

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

function noSftp(cause: Error, session: string): ProtocolError {
  return new ProtocolError(`session ${session} has no SFTP service: ${cause.message}`, {
    code: 'no-sftp',
    cause,
  });
}

function brokenError(cause: Error, session: string): ProtocolError {
  const sent = strangePacket(cause);
  const what = sent === undefined ? cause.message : `it sent ${sent}`;
  return new ProtocolError(
    `the file server of session ${session} does not follow the SFTP protocol: ${what}`,
    {
      hint: 'check whether a program of the session, or a start-up file of its shell, prints into it',
      cause,
    },
  );
}
