/** Requests of an SSH connection that the server answers: a channel, a program, a subsystem, a port. */

import { within } from '../core/time-limit.ts';
import { TimeoutError } from '../errors.ts';

export interface SshQuestion<T> {
  /**
   * Sends the request. ssh2 calls back once, and never when the connection has died; what has to be there for the packets
   * that follow is made before `done` is called, in the same turn.
   */
  send(done: (error: Error | undefined, answer?: T) => void): void;
  /** What is thrown when no answer comes in time. */
  late(seconds: number): Error;
  /** Closes what an answer has opened that comes when nobody waits for it any more. */
  drop?(answer: T): void;
}

export interface Asked {
  /** Rejects when no answer can come any more. */
  readonly lost: Promise<never>;
  readonly signal: AbortSignal;
  readonly answerMs: number;
}

/** Settles in every case: with the answer, ssh2's refusal, a lost connection, Ctrl-C, or the end of the time. */
export async function ask<T>(question: SshQuestion<T>, asked: Asked): Promise<T> {
  const { lost, signal, answerMs: ms } = asked;
  let isOver = false;
  const send = (): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      question.send((error, value) => {
        if (error !== undefined) return reject(error);
        // Without an error there is an answer, which the declared types of callbacks cannot say.
        if (isOver) question.drop?.(value as T);
        else resolve(value as T);
      });
    });
  const late = (): Error => question.late(ms / 1000);
  try {
    return await within(() => Promise.race([send(), lost]), { signal, ms, late });
  } finally {
    isOver = true;
  }
}

/** `did` completes the sentence, e.g. `did not start the command`. */
export function noAnswer(what: string, seconds: number, hint?: string): TimeoutError {
  return new TimeoutError(`${what} in ${seconds} s`, {
    code: 'no-answer',
    hint: hint ?? 'try again; BAI_ANSWER_TIMEOUT (the setting answerTimeout) allows more time',
  });
}
