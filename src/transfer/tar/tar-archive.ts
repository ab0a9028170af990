/** tar streams as a program of the session writes them, which is not trusted. */

import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { extract, type Header } from 'tar-stream';
import { ProtocolError } from '../../errors.ts';

export interface ArchiveEntry {
  /** As the archive has it: never a path. */
  readonly name: string;
  readonly type: Header['type'];
  /** What a link leads to. */
  readonly linkname: string | undefined;
  readonly size: number;
  readonly mode: number;
  /** Seconds since 1970. */
  readonly modifiedAt: number;
  /** The content; to be asked for before the next entry. What is not asked for is passed over. */
  content(): Promise<Buffer>;
}

/** Ends with a ProtocolError when the archive is damaged, or goes on beyond `mostBytes`. */
export async function* readArchive(
  source: AsyncIterable<Buffer>,
  mostBytes: number,
): AsyncGenerator<ArchiveEntry> {
  const archive = extract();
  const feeding = feed(source, archive as unknown as Writable, mostBytes);
  feeding.catch((error: Error) => archive.destroy(error));
  try {
    for await (const entry of archive) {
      const { name, type, linkname, size, mode, mtime } = entry.header;
      yield {
        name,
        type,
        linkname: linkname ?? undefined,
        size,
        mode,
        modifiedAt: Math.floor(mtime.getTime() / 1000),
        content: () => collect(entry as AsyncIterable<Buffer>),
      };
      entry.resume();
    }
    await feeding;
  } catch (cause) {
    // The source's own failure says more than that the archive ended.
    await feeding;
    throw damagedError(cause);
  } finally {
    archive.destroy();
  }
}

async function collect(content: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of content) chunks.push(chunk);
  } catch (cause) {
    throw damagedError(cause);
  }
  return Buffer.concat(chunks);
}

function damagedError(cause: unknown): ProtocolError {
  return new ProtocolError('the tar stream of the session is damaged', { cause });
}

async function feed(source: AsyncIterable<Buffer>, archive: Writable, mostBytes: number): Promise<void> {
  let bytes = 0;
  const closed = new Promise<void>((resolve) => archive.once('close', () => resolve()));
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new ProtocolError('the tar stream of the session does not end');
    if (archive.destroyed) return;
    if (!archive.write(chunk)) await Promise.race([once(archive, 'drain'), closed]);
  }
  archive.end();
}
