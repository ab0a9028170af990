/** Why the system's ssh ended with 255: it lost its line, or it did not want to go on. ssh itself does not tell. */

import type { Duplex } from 'node:stream';
import { mayPass } from '../core/persist.ts';
import type { Tunnel } from '../core/ssh-access.ts';
import { BaiError } from '../errors.ts';
import type { ConnectSshDeps } from './connect-ssh.ts';

export interface LineWatch {
  /** To connect with. */
  readonly deps: ConnectSshDeps;
  /** After ssh has failed. */
  verdict(): LineVerdict;
}

export interface LineVerdict {
  /** Whether there was a line to the session's sshd. */
  readonly stood: boolean;
  /** Whether it may come back by itself: ssh neither ended by its own will nor would be refused again. */
  readonly isLost: boolean;
}

/**
 * A line is lost when the far side ended it first, when it could not be dialled, or when ssh gave it up after
 * `silentMs` in which nothing was heard. Who hangs up on a line that lives had a reason: `~.`, a wrong option, a refused key, a port that is taken.
 */
export function watchLine(silentMs: number, deps: ConnectSshDeps): LineWatch {
  let line: WatchedLine | undefined;
  let failure: unknown;
  let isLost = false;
  return {
    deps: {
      ...deps,
      startForwarder: (options) =>
        deps.startForwarder({
          ...options,
          tunnel: watched(options.tunnel, (opened) => {
            line = opened;
          }),
          onConnectionFailed(error) {
            failure = error;
            options.onConnectionFailed(error);
          },
        }),
      async runSsh(args) {
        const status = await deps.runSsh(args);
        // Right now: sshd hangs up as well once ssh has.
        isLost = line !== undefined && (line.isEnded() || performance.now() - line.heardAt() > silentMs);
        return status;
      },
      async probeLogin(request) {
        try {
          return await deps.probeLogin(request);
        } catch (error) {
          if (error instanceof BaiError && error.code !== 'key-unusable' && !mayPass(error)) isLost = false;
          throw error;
        }
      },
    },
    verdict: () => ({
      stood: line !== undefined,
      isLost: failure === undefined ? isLost : mayPass(failure),
    }),
  };
}

interface WatchedLine {
  /** Whether the far side has ended it, in good order or not. */
  isEnded(): boolean;
  heardAt(): number;
}

function watched(tunnel: Tunnel, opened: (line: WatchedLine) => void): Tunnel {
  return {
    async dial(signal) {
      const stream = await tunnel.dial(signal);
      opened(watchStream(stream));
      return stream;
    },
  };
}

function watchStream(stream: Duplex): WatchedLine {
  let heardAt = performance.now();
  // To listen for the bytes would set them flowing before anybody takes them.
  const push = stream.push.bind(stream);
  stream.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    heardAt = performance.now();
    return push(chunk, encoding);
  };
  return {
    // An error of the tunnel has a code; others are of the local side, which takes the stream along.
    isEnded: () => stream.readableEnded || stream.errored instanceof BaiError,
    heardAt: () => heardAt,
  };
}
