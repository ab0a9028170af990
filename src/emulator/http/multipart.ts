/** Reads `multipart/form-data` uploads and writes `multipart/mixed` downloads. */

import { randomUUID } from 'node:crypto';
import { percentDecoded } from '../../core/text/percent.ts';

interface UploadedFile {
  readonly field: string;
  /** As the server understands it: `filename*` decoded, `filename` literal. */
  readonly name: string;
  readonly content: Buffer;
}

/** The parts of a form; undefined when the body is none. */
export function readForm(contentType: string, body: Buffer): readonly UploadedFile[] | undefined {
  const match = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined || !contentType.toLowerCase().startsWith('multipart/form-data'))
    return undefined;
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first delimiter has no line before it: one is put there, so that all look alike.
  const text = Buffer.concat([Buffer.from('\r\n'), body]);
  const files: UploadedFile[] = [];
  let start = text.indexOf(delimiter);
  while (start >= 0) {
    const partStart = start + delimiter.length;
    const end = text.indexOf(delimiter, partStart);
    if (end < 0) break;
    const file = readPart(text.subarray(partStart, end));
    if (file !== undefined) files.push(file);
    start = end;
  }
  return files;
}

function readPart(part: Buffer): UploadedFile | undefined {
  const split = part.indexOf('\r\n\r\n');
  if (split < 0) return undefined;
  const head = part.subarray(0, split).toString('utf8');
  const disposition = /^content-disposition:(.*)$/im.exec(head)?.[1] ?? '';
  const field = /[;\s]name="([^"]*)"/i.exec(disposition)?.[1];
  const extended = /filename\*=UTF-8''([^;\s]+)/i.exec(disposition)?.[1];
  const plain = /filename="((?:[^"\\]|\\.)*)"/i.exec(disposition)?.[1];
  const name = extended === undefined ? plain : percentDecoded(extended);
  if (field === undefined || name === undefined) return undefined;
  return { field, name, content: part.subarray(split + 4) };
}

export function mixedParts(parts: readonly Buffer[]): {
  readonly contentType: string;
  readonly bytes: Buffer;
} {
  const boundary = randomUUID().replaceAll('-', '');
  const pieces = parts.flatMap((part) => [
    Buffer.from(
      `--${boundary}\r\nContent-Type: application/octet-stream\r\nContent-Encoding: identity\r\n` +
        `Content-Length: ${part.length}\r\n\r\n`,
    ),
    part,
    Buffer.from('\r\n'),
  ]);
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return { contentType: `multipart/mixed; boundary=${boundary}`, bytes: Buffer.concat(pieces) };
}
