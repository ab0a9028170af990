/**
 * Sends short SFTP requests together. ssh2 makes an SSH packet of each, and what a packet costs on both sides, its
 * encryption above all, is many times the cost of a rename's or an open's 60 bytes. Large ones are sent without the copy that
 * ssh2 makes of each.
 */

import type { SFTPWrapper } from 'ssh2';
import { askInPieces, longestWriteOf, type Protocol, protocolOf, setProtocol } from './ssh2-internals.ts';

/** Every server takes packets of this size; longer pieces go by themselves, uncopied. */
const packetBytes = 32 * 1024;
const shortBytes = 4 * 1024;

/** To be called when the channel stands. */
export function batchRequests(sftp: SFTPWrapper): void {
  const protocol = protocolOf(sftp);
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  const flush = (channel: number): void => {
    if (waitingBytes === 0) return;
    const [first] = waiting;
    const bytes = waiting.length === 1 && first ? first : Buffer.concat(waiting, waitingBytes);
    waiting = [];
    waitingBytes = 0;
    protocol.channelData(channel, bytes);
  };
  const together: Protocol = Object.assign(Object.create(protocol) as Protocol, {
    channelData(channel: number, bytes: Buffer): void {
      const isShort = bytes.length <= shortBytes;
      if (!isShort || waitingBytes + bytes.length > packetBytes) flush(channel);
      if (isShort) {
        // What is asked in this turn, and by those who have an answer in it, leaves at its end.
        if (waitingBytes === 0) process.nextTick(flush, channel);
        waiting.push(bytes);
        waitingBytes += bytes.length;
      } else protocol.channelData(channel, bytes);
    },
    channelEOF(channel: number): void {
      flush(channel);
      protocol.channelEOF(channel);
    },
    channelClose(channel: number): void {
      flush(channel);
      protocol.channelClose(channel);
    },
  });
  setProtocol(sftp, together);
}

/** What is shorter goes with other short requests. */
const largeFromBytes = 64 * 1024;
/** Of the content so much is copied behind the head of the request, which fills a packet of most servers. */
const copiedBytes = 32 * 1024;
const writeRequest = 6;

interface FileWrite {
  readonly handle: Buffer;
  readonly bytes: Buffer;
  readonly position: number;
}

/** To be called when the channel stands. What is given to its `write` must stay as it is until that is answered. */
export function writeUncopied(sftp: SFTPWrapper): void {
  const write = sftp.write.bind(sftp);
  sftp.write = (handle, buffer, offset, length, position, done) => {
    if (length < largeFromBytes || length > longestWriteOf(sftp)) {
      write(handle, buffer, offset, length, position, done);
      return;
    }
    const bytes = buffer.subarray(offset, offset + length);
    const answered = (error?: unknown): void => done?.(error as Error | undefined);
    askInPieces(sftp, (number) => piecesOf({ handle, bytes, position }, number), answered);
  };
}

function piecesOf(write: FileWrite, number: number): readonly Buffer[] {
  const head = headOf(write, number);
  const shared = copiedBytes - head.length;
  return [Buffer.concat([head, write.bytes.subarray(0, shared)]), write.bytes.subarray(shared)];
}

function headOf({ handle, bytes, position }: FileWrite, number: number): Buffer {
  const head = Buffer.allocUnsafe(25 + handle.length);
  head.writeUInt32BE(head.length - 4 + bytes.length, 0);
  head[4] = writeRequest;
  head.writeUInt32BE(number, 5);
  head.writeUInt32BE(handle.length, 9);
  handle.copy(head, 13);
  head.writeBigUInt64BE(BigInt(position), 13 + handle.length);
  head.writeUInt32BE(bytes.length, 21 + handle.length);
  return head;
}
