/** Data frames as a client sends them (RFC 6455, 5.2), masked where they are put together and sent from there. */

import { randomFillSync } from 'node:crypto';
import { ReusedMemory } from '../../../core/reused-memory.ts';
import { maskInPlace } from './xor-mask.ts';

type Done = (error?: Error | null) => void;

/** Calls back when the bytes are not needed any more. */
type SendFrame = (frame: Buffer, done: Done) => void;

/** The longest head of a frame: two bytes, eight for the length, four for the mask. */
const headBytes = 14;
const maskBytes = 4;
const longestShort = 125;
const longestMedium = 0xffff;
const binaryAndLast = 0x82;
const isMasked = 0x80;

/** The largest message that is sent in one frame. */
export const mostMessageBytes = 256 * 1024;
/** All streams share it. */
const frames = new ReusedMemory();

/** Sends what was written in one go as few frames, with no more than `mostBytes` in each. */
export function sendFrames(
  chunks: readonly Buffer[],
  { mostBytes, send }: { readonly mostBytes: number; readonly send: SendFrame },
  done: Done,
): void {
  let left = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  let frame = frames.take(headBytes + Math.min(left, mostBytes));
  let filled = 0;
  for (const chunk of chunks) {
    for (let taken = 0; taken < chunk.length; ) {
      if (filled === mostBytes) {
        left -= filled;
        sendFrame(frame, filled, send);
        frame = frames.take(headBytes + Math.min(left, mostBytes));
        filled = 0;
      }
      const copied = chunk.copy(frame, headBytes + filled, taken, taken + mostBytes - filled);
      filled += copied;
      taken += copied;
    }
  }
  // Frames leave in order: the last one's outcome is that of all.
  sendFrame(frame, filled, send, done);
}

function sendFrame(frame: Buffer, bytes: number, send: SendFrame, done?: Done): void {
  const start = writeHead(frame, bytes);
  const key = frame.subarray(headBytes - maskBytes, headBytes);
  randomFillSync(key);
  maskInPlace(frame.subarray(headBytes, headBytes + bytes), key);
  send(frame.subarray(start, headBytes + bytes), (error) => {
    if (!error) frames.give(frame);
    done?.(error);
  });
}

/** Right before the content; where it begins is returned. */
function writeHead(frame: Buffer, bytes: number): number {
  const end = headBytes - maskBytes;
  if (bytes <= longestShort) {
    frame[end - 2] = binaryAndLast;
    frame[end - 1] = isMasked | bytes;
    return end - 2;
  }
  if (bytes <= longestMedium) {
    frame[end - 4] = binaryAndLast;
    frame[end - 3] = isMasked | (longestShort + 1);
    frame.writeUInt16BE(bytes, end - 2);
    return end - 4;
  }
  frame[end - 10] = binaryAndLast;
  frame[end - 9] = isMasked | (longestShort + 2);
  frame.writeUInt32BE(0, end - 8);
  frame.writeUInt32BE(bytes, end - 4);
  return end - 10;
}
