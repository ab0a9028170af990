/**
 * Masking of WebSocket frames (RFC 6455, 5.3), four bytes at a time. `ws` asks for it under the name of an optional
 * native package and else goes byte by byte, which was the largest part of an upload's processor time.
 */

/** Writes `length` masked bytes of `source` to `output` from `offset` on; `key` has four bytes. */
export function mask(source: Buffer, key: Buffer, output: Buffer, offset: number, length: number): void {
  if (source !== output || offset !== 0) source.copy(output, offset, 0, length);
  maskInPlace(output.subarray(offset, offset + length), key);
}

export function unmask(buffer: Buffer, key: Buffer): void {
  maskInPlace(buffer, key);
}

const wordBytes = 4;

export function maskInPlace(bytes: Buffer, key: Buffer): void {
  if (bytes.length < 2 * wordBytes) {
    xorBytes(bytes, key, { from: 0, to: bytes.length });
    return;
  }
  const head = (wordBytes - (bytes.byteOffset % wordBytes)) % wordBytes;
  const wordCount = Math.floor((bytes.length - head) / wordBytes);
  xorBytes(bytes, key, { from: 0, to: head });
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + head, wordCount);
  const keyWord = wordOf(key, head);
  for (let index = 0; index < wordCount; index += 1) words[index] = (words[index] ?? 0) ^ keyWord;
  xorBytes(bytes, key, { from: head + wordCount * wordBytes, to: bytes.length });
}

/** The key as it falls on a word that begins `shift` bytes into the frame, in this machine's byte order. */
function wordOf(key: Buffer, shift: number): number {
  const turned = Uint8Array.from({ length: wordBytes }, (_, index) => key[(index + shift) % wordBytes] ?? 0);
  return new Int32Array(turned.buffer)[0] ?? 0;
}

function xorBytes(bytes: Buffer, key: Buffer, { from, to }: { from: number; to: number }): void {
  for (let index = from; index < to; index += 1)
    bytes[index] = (bytes[index] ?? 0) ^ (key[index % wordBytes] ?? 0);
}
