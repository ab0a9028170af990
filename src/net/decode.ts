/** Bodies that arrive compressed although nobody asked for it: some gateways do so whatever `Accept-Encoding` says. */

import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable, type Transform } from 'node:stream';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { ProtocolError } from '../errors.ts';
import type { ServerName } from './server-name.ts';

/** What bai asks for. */
export const acceptEncoding = { 'Accept-Encoding': 'identity' };

interface Coding {
  readonly whole: (bytes: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>;
  readonly stream: () => Transform;
}

const gzip: Coding = { whole: promisify(zlib.gunzip), stream: () => zlib.createGunzip() };
const codings: Readonly<Record<string, Coding>> = {
  gzip,
  'x-gzip': gzip,
  deflate: { whole: inflated, stream: () => zlib.createInflate() },
  br: { whole: promisify(zlib.brotliDecompress), stream: () => zlib.createBrotliDecompress() },
};

/** With zlib's header as the standard has it, or without as some servers send it. */
async function inflated(bytes: Buffer, options: { readonly maxOutputLength: number }): Promise<Buffer> {
  const hasHeader = ((bytes[0] ?? 0) & 0x0f) === 8 && ((bytes[0] ?? 0) * 256 + (bytes[1] ?? 0)) % 31 === 0;
  return promisify(hasHeader ? zlib.inflate : zlib.inflateRaw)(bytes, options);
}

/** The codings of a body in the order in which they are taken off. Throws for one that bai does not know. */
function codingsOf({ headers }: IncomingMessage, server: ServerName): Coding[] {
  const names = (headers['content-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  if (names.length > mostCodings || names.some((name) => !Object.hasOwn(codings, name)))
    throw notReadable(server, `is compressed in a way bai does not read (${names.join(', ')})`);
  return names.reverse().flatMap((name) => codings[name] ?? []);
}

const mostCodings = 2;

interface Decoding {
  readonly limit: number;
  readonly tooLarge: () => Error;
  readonly server: ServerName;
}

/** Never more than `limit` bytes at any step. `tooLarge` makes the error for it. */
export async function decodeBody(
  response: IncomingMessage,
  bytes: Buffer,
  { limit, tooLarge, server }: Decoding,
): Promise<Buffer> {
  if (bytes.length === 0) return bytes;
  let decoded = bytes;
  for (const { whole } of codingsOf(response, server)) {
    try {
      decoded = await whole(decoded, { maxOutputLength: limit });
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE')
        throw tooLarge();
      throw notReadable(server, 'is damaged: it cannot be decompressed', cause);
    }
  }
  return decoded;
}

/** For an answer that has no end. A failure of either is one of what is returned. */
export function decodedStream(response: IncomingMessage, server: ServerName): Readable {
  return codingsOf(response, server).reduce<Readable>(
    (source, { stream }) => pipeline(source, stream(), () => {}),
    response,
  );
}

function notReadable({ name }: ServerName, what: string, cause?: unknown): ProtocolError {
  return new ProtocolError(`${name}'s answer ${what}`, {
    code: 'answer-not-readable',
    hint: 'a gateway in between compresses what it should pass on: it must heed Accept-Encoding',
    cause,
  });
}
