/** Writes uncompressed tar archives, as the container engine does for downloads. */

import type { Stats } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';

const block = 512;
const record = 10_240;

/** A file under its base name, or a folder with all below it. Throws a RangeError above `limit` bytes. */
export async function tarOf(path: string, limit: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  const add = (part: Buffer) => {
    size += part.length;
    if (size > limit) throw new RangeError('the archive is too large');
    parts.push(part);
  };
  await addEntry(path, basename(path), add);
  // Two empty blocks end an archive, and engines fill the last record.
  const end = Math.ceil((size + 2 * block) / record) * record;
  return Buffer.concat(parts, Math.max(end, size));
}

/** One regular file with given content. */
export function tarOfContent(name: string, content: Buffer): Buffer {
  const parts = [
    ...header({ name, mode: 0o600, size: content.length, mtime: 0, type: '0' }),
    padded(content),
  ];
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat(parts, Math.ceil((size + 2 * block) / record) * record);
}

async function addEntry(path: string, name: string, add: (part: Buffer) => void): Promise<void> {
  const facts = await lstat(path);
  const common = { mode: facts.mode & 0o7777, mtime: seconds(facts) };
  if (facts.isDirectory()) {
    for (const part of header({ ...common, name: `${name}/`, size: 0, type: '5' })) add(part);
    for (const child of await readdir(path)) await addEntry(join(path, child), `${name}/${child}`, add);
  } else if (facts.isSymbolicLink()) {
    const link = await readlink(path);
    for (const part of header({ ...common, name, size: 0, type: '2', link })) add(part);
  } else if (facts.isFile()) {
    for (const part of header({ ...common, name, size: facts.size, type: '0' })) add(part);
    add(Buffer.alloc(0));
    if (facts.size > 0) add(padded(await readFile(path)));
  }
}

interface Header {
  readonly name: string;
  readonly mode: number;
  readonly size: number;
  readonly mtime: number;
  readonly type: '0' | '2' | '5' | 'L';
  readonly link?: string;
}

function header(entry: Header): Buffer[] {
  const name = Buffer.from(entry.name);
  if (name.length > 100) {
    // GNU's long name: an entry of its own that holds it.
    const long = { name: '././@LongLink', mode: 0, size: name.length + 1, mtime: 0, type: 'L' } as const;
    const short = name.subarray(0, 100).toString('latin1');
    const content = padded(Buffer.concat([name, Buffer.of(0)]));
    return [...header(long), content, headerBlock({ ...entry, name: short })];
  }
  return [headerBlock(entry)];
}

function headerBlock({ name, mode, size, mtime, type, link = '' }: Header): Buffer {
  const head = Buffer.alloc(block);
  head.write(name, 0, 100, 'utf8');
  head.write(octal(mode, 7), 100);
  head.write(octal(1000, 7), 108);
  head.write(octal(1000, 7), 116);
  head.write(octal(size, 11), 124);
  head.write(octal(mtime, 11), 136);
  head.write(' '.repeat(8), 148);
  head.write(type, 156);
  head.write(link, 157, 100, 'utf8');
  head.write('ustar  ', 257);
  head.write('work', 265);
  head.write('work', 297);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${octal(sum, 6)}\0 `, 148);
  return head;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content], Math.ceil(content.length / block) * block);
}

function seconds(facts: Stats): number {
  return Math.floor(facts.mtimeMs / 1000);
}
