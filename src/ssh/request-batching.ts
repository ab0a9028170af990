/**
 * Sends short SFTP requests together. ssh2 makes an SSH packet of each, and what a packet costs on both sides, its
 * encryption above all, is many times the cost of a rename's or an open's 60 bytes.
 */

import type { SFTPWrapper } from 'ssh2';
import { type Protocol, protocolOf, setProtocol } from './ssh2-internals.ts';

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
