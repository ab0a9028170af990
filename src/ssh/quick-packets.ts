/**
 * Large packets under chacha20-poly1305, encrypted where they lie, in memory that is used again. ssh2 makes two pieces of new
 * memory for each, and what is allocated outside V8's heap makes it walk that heap.
 */

import { createCipheriv, randomFillSync } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { ReusedMemory } from '../core/reused-memory.ts';
import { loadPoly1305, makePackets, type PacketKeys, type Protocol } from './ssh2-internals.ts';

/** ssh2's own way is as good for what is shorter. */
const largeFromBytes = 8 * 1024;
/** No server takes more than 256 KiB. */
const longestBytes = 258 * 1024;
const lengthBytes = 4;
const keyBytes = 32;
const codeBytes = 16;
const blockBytes = 8;
const leastPadding = 4;
/** Longer texts would lie outside of where V8 has its short-lived ones. */
const pieceBytes = 32 * 1024;
/** A block of the key stream. */
const noBytes = Buffer.alloc(64);

const packets = new ReusedMemory();
let isLoading = false;
let authenticator: Authenticator | undefined;

/** To be called for a connection that may send much, once; it changes nothing until it does. */
export function quickenPackets(protocol: Protocol, transport: Duplex): void {
  const write = transport.write.bind(transport) as (...words: unknown[]) => boolean;
  transport.write = (...words: unknown[]): boolean => {
    const [bytes] = words;
    if (!(bytes instanceof Uint8Array && packets.owns(bytes))) return write(...words);
    return write(bytes, () => packets.give(bytes));
  };
  makePackets(protocol, { take: takePacket, seal });
}

/** With its length and padding filled in, and room for the code behind it. */
function takePacket(payloadBytes: number): Buffer | undefined {
  if (payloadBytes < largeFromBytes || payloadBytes > longestBytes) return undefined;
  if (authenticator === undefined) {
    if (!isLoading) void load();
    return undefined;
  }
  const unpadded = 1 + payloadBytes;
  const short = blockBytes - (unpadded % blockBytes);
  const padding = short < leastPadding ? short + blockBytes : short;
  const packet = packets.take(lengthBytes + unpadded + padding + codeBytes);
  packet.writeUInt32BE(unpadded + padding, 0);
  packet[lengthBytes] = padding;
  randomFillSync(packet, lengthBytes + unpadded, padding);
  return packet;
}

/** Nothing depends on it: until it is there, and where it cannot be had, ssh2 goes its own way. */
async function load(): Promise<void> {
  isLoading = true;
  const poly = await loadPoly1305().catch(() => undefined);
  if (poly !== undefined) authenticator = new Authenticator(poly);
}

const iv = Buffer.alloc(16);

/** What the cipher gives comes as texts, which are in V8's own heap and cost it next to nothing. */
function seal(packet: Buffer, keys: PacketKeys): boolean {
  if (authenticator === undefined || !packets.owns(packet)) return false;
  iv.writeUInt32BE(keys.number, 12);
  const main = createCipheriv('chacha20', keys.content, iv);
  // The first block of the key stream is the key of the code.
  const key = main.update(noBytes, undefined, 'latin1');
  const length = createCipheriv('chacha20', keys.length, iv);
  packet.write(length.update(packet.subarray(0, lengthBytes), undefined, 'latin1'), 0, 'latin1');
  const end = packet.length - codeBytes;
  for (let at = lengthBytes; at < end; at += pieceBytes) {
    const piece = packet.subarray(at, Math.min(at + pieceBytes, end));
    piece.write(main.update(piece, undefined, 'latin1'), 0, 'latin1');
  }
  authenticator.write(packet, key);
  return true;
}

type Poly1305 = Awaited<ReturnType<typeof loadPoly1305>>;

/** Where the codes of packets are computed. */
class Authenticator {
  readonly #poly: Poly1305;
  readonly #key: number;
  readonly #code: number;
  readonly #content: number;

  constructor(poly: Poly1305) {
    this.#poly = poly;
    this.#key = poly._malloc(keyBytes);
    this.#code = poly._malloc(codeBytes);
    this.#content = poly._malloc(longestBytes + 1024);
  }

  /** Of all but the last bytes, into those. */
  write(packet: Buffer, key: string): void {
    const { HEAPU8: memory } = this.#poly;
    const end = packet.length - codeBytes;
    Buffer.from(memory.buffer, this.#key, keyBytes).write(key, 0, keyBytes, 'latin1');
    memory.set(packet.subarray(0, end), this.#content);
    const rest = this.#content + lengthBytes;
    this.#poly._poly1305_auth(this.#code, this.#content, lengthBytes, rest, end - lengthBytes, this.#key);
    packet.set(memory.subarray(this.#code, this.#code + codeBytes), end);
  }
}
