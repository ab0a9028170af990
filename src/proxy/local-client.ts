/** The local end of a forwarded connection. It is read ahead of the tunnel, so that its end is noticed whatever the tunnel does. */

import type { Socket } from 'node:net';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { LocalPeers, PeerPatience } from './local-peers.ts';

interface ClientOptions {
  readonly peers: LocalPeers;
  /** The app is an SSH server: whoever has ended the sending half can neither log in nor say anything any more. */
  readonly isSsh: boolean;
}

export interface LocalClient {
  readonly socket: Socket;
  /** What it sends, to the end of its sending half. */
  readonly input: Readable;
  /** Resolves when nobody waits for an answer any more: the client has gone, or counts as gone. */
  readonly gone: Promise<void>;
  /** Aborted as well, when there is nothing to bring to the app either. */
  readonly needless: AbortSignal;
}

const aheadBytes = 256 * 1024;
/** sshd answers a client that has sent all it will with what was on its way already. */
const ofSsh: PeerPatience = { there: 1_000, unknown: 1_000 };
/** A client that waits may wait for as long as it likes. */
const ofSpeaker: PeerPatience = { there: Number.POSITIVE_INFINITY, unknown: 60_000 };
/** Who sends nothing at all waits for an app that speaks first. */
const ofListener: PeerPatience = { there: Number.POSITIVE_INFINITY, unknown: 5_000 };
const keepAliveMs = 60_000;

export function takeClient(socket: Socket, { peers, isSsh }: ClientOptions): LocalClient {
  socket.on('error', () => {});
  socket.setKeepAlive(true, keepAliveMs);
  const needless = new AbortController();
  const input = new PassThrough({ highWaterMark: aheadBytes });
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      needless.abort();
      resolve();
    });
  });
  const left = pipeline(socket, input).then(async () => {
    const hasSpoken = socket.bytesRead > 0;
    await peers.untilGone(socket, isSsh ? ofSsh : hasSpoken ? ofSpeaker : ofListener);
    if (isSsh || !hasSpoken) needless.abort();
  });
  return { socket, input, gone: Promise.race([left.catch(() => closed), closed]), needless: needless.signal };
}
