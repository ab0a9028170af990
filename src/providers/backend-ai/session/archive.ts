/** Takes one file out of a `download` answer: multipart/mixed, each part an uncompressed tar. */

import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { NotFoundError, ProtocolError } from '../../../errors.ts';

/** The regular file named like `path`; links, folders and anything else in the archive are not looked at. */
export async function fileInDownload(body: Buffer, contentType: string, path: string): Promise<Uint8Array> {
  const wanted = posix.basename(path);
  for (const part of multipartBodies(body, contentType)) {
    const found = await fileInTar(part, wanted);
    if (found !== undefined) return found;
  }
  throw new NotFoundError(`the manager's answer does not hold ${wanted}`, { code: 'file-not-found' });
}

async function fileInTar(archive: Buffer, wanted: string): Promise<Uint8Array | undefined> {
  const entries = extract();
  Readable.from([archive]).pipe(entries);
  try {
    for await (const entry of entries) {
      if (entry.header.type !== 'file' || entry.header.name !== wanted) {
        entry.resume();
        continue;
      }
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry as AsyncIterable<Uint8Array>) chunks.push(chunk);
      return Buffer.concat(chunks);
    }
  } catch (cause) {
    throw new ProtocolError("the manager's answer holds a broken tar archive", { cause });
  }
  return undefined;
}

/** The bodies of a multipart answer. Part headers are not needed: the boundary alone separates them. */
export function multipartBodies(body: Buffer, contentType: string): Buffer[] {
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (boundary === undefined) throw new ProtocolError("the manager's answer is not a multipart message");
  const delimiter = Buffer.from(`--${boundary}`);
  const bodies: Buffer[] = [];
  let start = body.indexOf(delimiter);
  while (start >= 0) {
    const from = start + delimiter.length;
    const next = body.indexOf(Buffer.concat([Buffer.from('\r\n'), delimiter]), from);
    const headerEnd = body.indexOf('\r\n\r\n', from);
    if (next < 0 || headerEnd < 0 || headerEnd > next) break;
    bodies.push(body.subarray(headerEnd + 4, next));
    start = next + 2;
  }
  return bodies;
}
