/** SSH's own encodings (RFC 4251, section 5): the strings and numbers that key files are made of. */

/** Bytes that are no key of the form they claim. The message, which goes on after "it", never holds any of them. */
export class MalformedKey extends Error {
  /** What to do about it, where that is not plain. */
  readonly hint: string | undefined;

  constructor(message: string, { hint }: { readonly hint?: string } = {}) {
    super(message);
    this.hint = hint;
  }
}

export function wireString(...parts: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = typeof part === 'string' ? Buffer.from(part) : part;
      return [wireLength(bytes.length), bytes];
    }),
  );
}

/** Positive numbers, big-endian. A first bit that is set would mean a negative one. */
export function wireNumber(...numbers: readonly Uint8Array[]): Buffer {
  return wireString(
    ...numbers.map((number) => {
      const digits = withoutZeros(number);
      return (digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits;
    }),
  );
}

export function wireLength(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
}

/** Reads in order; what is not there is a MalformedKey. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  length(): number {
    if (this.#at + 4 > this.#bytes.length) throw new MalformedKey('it ends too early');
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }

  string(): Buffer {
    const length = this.length();
    if (length > this.#bytes.length - this.#at) throw new MalformedKey('it ends too early');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** Without leading zeros. */
  number(): Buffer {
    const digits = this.string();
    if ((digits[0] ?? 0) >= 0x80) throw new MalformedKey('a number in it is negative');
    return withoutZeros(digits);
  }

  /** What follows is not read. */
  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }
}

function withoutZeros(number: Uint8Array): Buffer {
  const first = number.findIndex((byte) => byte !== 0);
  return Buffer.from(first < 0 ? [] : number.subarray(first));
}
