/** Learns the host key of a server, and nothing else. */

import type { Duplex } from 'node:stream';
import ssh2, { type ServerHostKeyAlgorithm } from 'ssh2';
import { within } from '../core/time-limit.ts';
import { noAnswer } from './ask.ts';
import { connectionLost, usualAnswerMs } from './connection.ts';

interface HostKeyPreference {
  readonly keyTypes?: readonly ServerHostKeyAlgorithm[] | undefined;
  readonly answerMs?: number | undefined;
}

/** Connects only as far as the host key, and hangs up before anything of the user's is sent. */
export async function fetchHostKey(
  stream: Duplex,
  session: string,
  signal: AbortSignal,
  { keyTypes, answerMs = usualAnswerMs }: HostKeyPreference = {},
): Promise<Uint8Array> {
  const client = new ssh2.Client();
  const place = `session ${session}`;
  const shown = (): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      client.on('error', (error) => reject(connectionLost(place, error)));
      client.on('close', () => reject(connectionLost(place)));
      client.connect({
        sock: stream,
        username: 'nobody',
        readyTimeout: 0,
        ...(keyTypes && { algorithms: { serverHostKey: [...keyTypes] } }),
        hostVerifier: (key: Buffer) => {
          resolve(Buffer.from(key));
          return false;
        },
      });
    });
  const late = (): Error => noAnswer(`${place} did not finish the key exchange`, answerMs / 1000);
  try {
    return await within(shown, { signal, ms: answerMs, late });
  } finally {
    client.on('error', () => {});
    client.destroy();
    stream.destroy();
  }
}
