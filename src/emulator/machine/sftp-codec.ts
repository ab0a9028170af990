/** SFTP version 3 on the wire: cuts the byte stream into packets, reads and writes their fields. */

import type { Readable } from 'node:stream';

export const PacketType = {
  init: 1,
  version: 2,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  fstat: 8,
  setstat: 9,
  fsetstat: 10,
  opendir: 11,
  readdir: 12,
  remove: 13,
  mkdir: 14,
  rmdir: 15,
  realpath: 16,
  stat: 17,
  rename: 18,
  readlink: 19,
  symlink: 20,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attrs: 105,
  extended: 200,
  extendedReply: 201,
} as const;

export const StatusCode = {
  ok: 0,
  eof: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  unsupported: 8,
} as const;

export const OpenFlag = { read: 1, write: 2, append: 4, create: 8, truncate: 16, exclusive: 32 } as const;

export const longestPacket = 256 * 1024;

export interface Attributes {
  readonly size?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mode?: number;
  readonly atime?: number;
  readonly mtime?: number;
}

const AttributeFlag = { size: 1, owner: 2, mode: 4, times: 8 } as const;

/** Packets without their length prefix; ends with the stream, throws on a length no client may send. */
export async function* packetsOf(stream: Readable): AsyncGenerator<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  let wanted: number | undefined;
  // Iterating to the end would destroy the channel before it has said how it ended; scp takes that for a failure.
  const incoming: AsyncIterable<Buffer> = stream.iterator({ destroyOnReturn: false });
  for await (const chunk of incoming) {
    chunks.push(chunk);
    size += chunk.length;
    while (size >= (wanted ?? 4)) {
      const joined = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size);
      const used = wanted ?? 4;
      const head = joined.subarray(0, used);
      size -= used;
      chunks.splice(0, chunks.length, joined.subarray(used));
      if (wanted === undefined) {
        wanted = head.readUInt32BE(0);
        if (wanted < 1 || wanted > longestPacket) throw new Error(`an SFTP packet of ${wanted} bytes`);
      } else {
        wanted = undefined;
        yield head;
      }
    }
  }
}

/** Reads fields one after the other; throws a RangeError where the packet is too short. */
export class PacketReader {
  readonly #packet: Buffer;
  #offset = 0;

  constructor(packet: Buffer) {
    this.#packet = packet;
  }

  byte(): number {
    const value = this.#packet.readUInt8(this.#offset);
    this.#offset += 1;
    return value;
  }

  uint32(): number {
    const value = this.#packet.readUInt32BE(this.#offset);
    this.#offset += 4;
    return value;
  }

  /** Offsets beyond 2^53 do not occur in files this program can hold. */
  uint64(): number {
    const value = this.#packet.readBigUInt64BE(this.#offset);
    this.#offset += 8;
    return Number(value);
  }

  bytes(): Buffer {
    const length = this.uint32();
    const end = this.#offset + length;
    if (end > this.#packet.length) throw new RangeError('the packet is too short');
    const value = this.#packet.subarray(this.#offset, end);
    this.#offset = end;
    return value;
  }

  text(): string {
    return this.bytes().toString('utf8');
  }

  attributes(): Attributes {
    const flags = this.uint32();
    const attributes: { -readonly [K in keyof Attributes]: Attributes[K] } = {};
    if (flags & AttributeFlag.size) attributes.size = this.uint64();
    if (flags & AttributeFlag.owner) {
      attributes.uid = this.uint32();
      attributes.gid = this.uint32();
    }
    if (flags & AttributeFlag.mode) attributes.mode = this.uint32();
    if (flags & AttributeFlag.times) {
      attributes.atime = this.uint32();
      attributes.mtime = this.uint32();
    }
    return attributes;
  }
}

const requestNames = new Map<number, string>(Object.entries(PacketType).map(([name, type]) => [type, name]));

/**
 * `open`, `readdir` and so on; of an extension its own name, and of `fsetstat` also what is set, as in `fsetstat mode`:
 * clients use it for many things.
 */
export function requestName(request: Buffer): string {
  const type = request.readUInt8(0);
  const name = requestNames.get(type) ?? `${type}`;
  if (type !== PacketType.extended && type !== PacketType.fsetstat) return name;
  try {
    const reader = new PacketReader(request.subarray(5));
    const first = reader.text();
    return type === PacketType.extended ? first : `${name} ${attributeNames(reader.uint32())}`;
  } catch (error) {
    if (error instanceof RangeError) return name;
    throw error;
  }
}

function attributeNames(flags: number): string {
  const set = Object.entries(AttributeFlag).filter(([, flag]) => (flags & flag) !== 0);
  return set.map(([name]) => name).join(' ');
}

export function uint32(value: number): Buffer {
  const buffer = Buffer.allocUnsafe(4);
  buffer.writeUInt32BE(value >>> 0);
  return buffer;
}

export function uint64(value: number): Buffer {
  const buffer = Buffer.allocUnsafe(8);
  buffer.writeBigUInt64BE(BigInt(Math.max(0, Math.trunc(value))));
  return buffer;
}

export function text(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([uint32(bytes.length), bytes]);
}

export function attributes({
  size = 0,
  uid = 0,
  gid = 0,
  mode = 0,
  atime = 0,
  mtime = 0,
}: Attributes): Buffer {
  const flags = AttributeFlag.size | AttributeFlag.owner | AttributeFlag.mode | AttributeFlag.times;
  return Buffer.concat([
    uint32(flags),
    uint64(size),
    ...[uid, gid, mode, Math.floor(atime), Math.floor(mtime)].map(uint32),
  ]);
}

/** A whole packet: length, type, request id, fields. */
export function packet(type: number, id: number, ...fields: readonly Buffer[]): Buffer {
  const length = fields.reduce((sum, field) => sum + field.length, 5);
  return Buffer.concat([uint32(length), Buffer.of(type), uint32(id), ...fields], length + 4);
}

/** The answer of requests that return nothing, and of all that fail. */
export function status(id: number, code: number, message: string): Buffer {
  return packet(PacketType.status, id, uint32(code), text(message), text('en'));
}
