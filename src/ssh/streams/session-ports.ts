/** Ports of a session reached through one SSH connection, and ports over there that lead to this machine. */

import type { Duplex } from 'node:stream';
import type { Forward, ForwardTarget } from '../../core/ssh/ssh-arguments.ts';
import { typed } from '../../core/text/typed.ts';
import { UnreachableError } from '../../errors.ts';
import { ask, noAnswer, type SshQuestion } from '../ask.ts';
import type { SshConnection } from '../connection.ts';
import { type ForwardsOptions, openForwards } from '../forwards.ts';
import { NodeStream } from './node-streams.ts';

export interface SessionPorts extends AsyncDisposable {
  /** Rejects with `app-not-listening` when nothing answers there, and as the connection does when that is lost. */
  dial(target: ForwardTarget, signal: AbortSignal): Promise<Duplex>;
  /** Resolves when the other side has answered something; ends the connection when it does not in time. Never rejects. */
  probe(ms: number): Promise<void>;
  /** How many connections come through its ports over there. */
  readonly fromThere: number;
  /** How many streams are open over it, or asked for. */
  readonly streams: number;
  /** Rejects when the connection is lost; never resolves, and needs no catch. */
  readonly lost: Promise<never>;
}

interface PortsOptions extends ForwardsOptions {
  /** For messages. */
  readonly session: string;
  /** Ports over there that lead to this machine. */
  readonly remotes: readonly Forward[];
}

/** Takes the connection over: disposing the result closes it. Rejects with `forward-refused` where one of the ports cannot be had over there. */
export async function openSessionPorts(
  connection: SshConnection,
  { session, remotes, ...options }: PortsOptions,
): Promise<SessionPorts> {
  const forwards = await listenThere(connection, remotes, options);
  let streams = 0;
  const leave = (): void => {
    streams -= 1;
  };
  return {
    lost: connection.lost,
    get fromThere() {
      return forwards.connections;
    },
    get streams() {
      return streams;
    },
    async dial(target, signal) {
      const until = AbortSignal.any([signal, connection.over]);
      streams += 1;
      try {
        const stream = await openStream(connection, { ...target, session }, until);
        stream.once('close', leave);
        return stream;
      } catch (error) {
        leave();
        throw error;
      }
    },
    async probe(ms) {
      try {
        await ask(
          { ...anyQuestion(connection), late: () => new Error('no answer') },
          { ...connection, answerMs: ms },
        );
      } catch {
        connection.client.destroy();
      }
    },
    async [Symbol.asyncDispose]() {
      forwards[Symbol.dispose]();
      await connection[Symbol.asyncDispose]();
    },
  };
}

async function listenThere(
  connection: SshConnection,
  remoteForwards: readonly Forward[],
  options: ForwardsOptions,
): ReturnType<typeof openForwards> {
  const nothing = { command: undefined, terminal: 'no', readsNothing: true, forwardsAgent: false } as const;
  const how = { runsNothing: true, isInBackground: false, opensPorts: false, needsForwards: true };
  const work = { ...nothing, ...how, localForwards: [], remoteForwards };
  try {
    return await openForwards(connection, work, options);
  } catch (error) {
    await connection[Symbol.asyncDispose]();
    throw error;
  }
}

interface Target extends ForwardTarget {
  readonly session: string;
}

async function openStream(connection: SshConnection, target: Target, signal: AbortSignal): Promise<Duplex> {
  const { host, port, session } = target;
  const question: SshQuestion<NodeStream> = {
    send: (done) =>
      void connection.client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
        if (error) return done(notThere(target, error));
        // In this very turn: bytes may be in the packets that follow.
        done(undefined, new NodeStream(connection, channel, { keepsReading: true }));
      }),
    late: (seconds) => noAnswer(`session ${session} did not answer a connection to ${host}:${port}`, seconds),
    drop: (stream) => void stream.destroy(),
  };
  try {
    return await ask(question, { ...connection, signal });
  } catch (error) {
    throw connection.over.aborted ? connection.over.reason : error;
  }
}

function notThere({ host, port, session }: Target, cause: Error): UnreachableError {
  const place = host === 'localhost' ? `port ${port}` : `${host}:${port}`;
  return new UnreachableError(`nothing answers at ${place} in session ${session}`, {
    code: 'app-not-listening',
    hint: `look inside: \`${typed(['bai', 'ssh', session, '--', 'ss', '-ltn'])}\``,
    cause,
  });
}

/** Every server answers, if only that it knows of no such port. */
function anyQuestion({ client }: SshConnection): Pick<SshQuestion<true>, 'send'> {
  return { send: (done) => void client.unforwardIn('127.0.0.1', 1, () => done(undefined, true)) };
}
