/** When something last came in over a stream that somebody else reads. */

import type { Duplex } from 'node:stream';
import { BaiError } from '../../errors.ts';

export interface HeardStream {
  /** Whether the far side has ended it, in good order or not. */
  isEnded(): boolean;
  /** As `performance.now()` has it. */
  heardAt(): number;
  /** What was written to it, in bytes. */
  readonly sentBytes: () => number;
  /** How often something was written since something last came in; what is written within a second counts as once. */
  asked(): number;
  /** Whether something that came in waits for its reader. */
  readonly isUnread: () => boolean;
  onHeard(listener: () => void): void;
}

const askMs = 1_000;

export function hear(stream: Duplex): HeardStream {
  let heardAt = performance.now();
  let sent = 0;
  let asked = 0;
  let askedAt = 0;
  let listener: (() => void) | undefined;
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  stream.write = (...args: unknown[]): boolean => {
    const [chunk] = args;
    if (chunk instanceof Uint8Array) sent += chunk.byteLength;
    const now = performance.now();
    if (asked === 0 || now - askedAt >= askMs) {
      asked += 1;
      askedAt = now;
    }
    return write(...args);
  };
  // To listen for the bytes would set them flowing before anybody takes them.
  const push = stream.push.bind(stream);
  stream.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    heardAt = performance.now();
    asked = 0;
    listener?.();
    return push(chunk, encoding);
  };
  return {
    // An error of the tunnel has a code; others are of the local side, which takes the stream along.
    isEnded: () => stream.readableEnded || stream.errored instanceof BaiError,
    heardAt: () => heardAt,
    sentBytes: () => sent,
    asked: () => asked,
    isUnread: () => stream.readableLength > 0,
    onHeard(heard) {
      listener = heard;
    },
  };
}
