/** The home folder of an account in a session, as its file server tells it. */

import { ProtocolError } from '../errors.ts';
import { ask, noAnswer } from './ask.ts';
import type { SshConnection } from './connection.ts';
import { openSftp } from './sftp.ts';

/** Absolute, and without control characters: it goes into URLs and commands that people paste. Ends the connection. */
export async function readRemoteHome(connection: SshConnection, session: string): Promise<string> {
  await using files = await openSftp(connection, session);
  const send = (done: (error: Error | undefined, path?: string) => void): void =>
    files.sftp.realpath('.', done);
  const late = (seconds: number): Error =>
    noAnswer(`the file server of session ${session} did not report the home folder`, seconds);
  const home = await ask<string>({ send, late }, connection);
  if (home.startsWith('/') && !/\p{Cc}|\p{Cs}/u.test(home)) return home;
  throw new ProtocolError(
    `session ${session} reports a home folder that is not a path: ${JSON.stringify(home)}`,
  );
}
