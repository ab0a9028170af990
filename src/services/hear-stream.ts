/** When something last came in over a stream that somebody else reads. */

import type { Duplex } from 'node:stream';
import { BaiError } from '../errors.ts';

export interface HeardStream {
  /** Whether the far side has ended it, in good order or not. */
  isEnded(): boolean;
  /** As `performance.now()` has it. */
  heardAt(): number;
}

export function hear(stream: Duplex): HeardStream {
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
