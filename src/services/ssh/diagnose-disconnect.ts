/** Why the system's ssh ended with 255: it lost its line, or it did not want to go on. ssh itself does not tell. */

import type { Tunnel } from '../../core/session/provider.ts';
import { watchSilence } from '../../core/silence-watch.ts';
import { mayPass } from '../../core/ssh/tmux-shell.ts';
import { BaiError, UnreachableError } from '../../errors.ts';
import { type HeardStream, hear } from './hear-stream.ts';
import type { SshTools } from './ssh-tools.ts';

interface DisconnectWatch {
  /** To connect with. */
  readonly tools: SshTools;
  /** After ssh has failed: nothing had been heard for long, so that neither sshd nor the manager can be asked why. */
  wasSilent(): boolean;
  /** After ssh has failed. */
  verdict(): DisconnectVerdict;
}

interface DisconnectVerdict {
  /** Whether there was a line to the session's sshd. */
  readonly stood: boolean;
  /** Whether it may come back by itself: ssh neither ended by its own will nor would be refused again. */
  readonly isLost: boolean;
}

/** An answer may take twice as long as the time in which ssh asks again. */
const patience = 2;

/**
 * A line is lost when the far side ended it first, when it could not be dialled, or when ssh gave it up after
 * `silentMs` in which nothing was heard. Who hangs up on a line that lives had a reason: `~.`, a wrong option, a refused key, a port that is taken.
 */
export function watchDisconnect(silentMs: number, tools: SshTools): DisconnectWatch {
  let line: HeardStream | undefined;
  let failure: unknown;
  let isLost = false;
  let wasSilent = false;
  return {
    tools: {
      ...tools,
      startForwarder: (options) =>
        tools.startForwarder({
          ...options,
          tunnel: watched(options.tunnel, silentMs * patience, (opened) => {
            line = opened;
          }),
          onConnectionFailed(error) {
            failure = error;
            options.onConnectionFailed(error);
          },
        }),
      system: {
        ...tools.system,
        async run(args) {
          const status = await tools.system.run(args);
          // Right now: sshd hangs up as well once ssh has.
          wasSilent = line !== undefined && performance.now() - line.heardAt() > silentMs;
          isLost = wasSilent || line?.isEnded() === true;
          return status;
        },
      },
      client: {
        ...tools.client,
        async probe(request) {
          try {
            return await tools.client.probe(request);
          } catch (error) {
            if (error instanceof BaiError && error.code !== 'key-unusable' && !mayPass(error)) isLost = false;
            throw error;
          }
        },
      },
    },
    wasSilent: () => wasSilent,
    verdict: () => ({
      stood: line !== undefined,
      isLost: failure === undefined ? isLost : mayPass(failure),
    }),
  };
}

/** sshd answers what ssh asks of it, and bulk may stand before the question: ssh itself does not know, and gives up too early. */
function watched(tunnel: Tunnel, silenceMs: number, opened: (line: HeardStream) => void): Tunnel {
  return {
    async dial(signal) {
      const stream = await tunnel.dial(signal);
      const line = hear(stream);
      opened(line);
      // ssh was told never to ask.
      if (!Number.isFinite(silenceMs)) return stream;
      const watch = watchSilence({
        silenceMs,
        sentBytes: line.sentBytes,
        isExcused: line.isUnread,
        // A login is one request at a time, and may take long; once it is over ssh asks again and again.
        isAsked: () => line.asked() > 1,
        onDead: () => void stream.destroy(silent(silenceMs)),
      });
      line.onHeard(watch.hear);
      stream.once('close', () => watch[Symbol.dispose]());
      return stream;
    },
  };
}

function silent(silenceMs: number): UnreachableError {
  return new UnreachableError(
    `nothing was heard from the sshd of the session for about ${Math.round(silenceMs / 1000)} s`,
    { code: 'tunnel-lost' },
  );
}
