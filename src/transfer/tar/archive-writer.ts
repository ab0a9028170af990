/** A tar stream for a program of the session, written where its bytes are sent from: thousands of files are a few large pieces. */

interface PackedFile {
  /** A number, or a short word: at most 100 bytes of ASCII. */
  readonly name: string;
  readonly mode: number;
  /** Seconds since 1970, below 2^33. */
  readonly modifiedAt: number;
  /** It is copied, and may be used again once `add` has resolved. */
  readonly content: Buffer;
}

/** What goes out in one piece: ssh2 makes a packet of its own of every small one. */
const pieceBytes = 256 * 1024;
/** Pieces that wait for whoever takes them. */
const mostPieces = 2;
const recordBytes = 512;

export class ArchiveWriter {
  #piece = Buffer.allocUnsafe(pieceBytes);
  #filled = 0;
  readonly #pieces: Buffer[] = [];
  #end: 'open' | 'finished' | 'given up' = 'open';
  /** Who waits for room, and who waits for a piece. */
  readonly #waiting = new Set<() => void>();

  /** Waits for room first. Rejects once the archive was given up. */
  async add({ content, ...file }: PackedFile): Promise<void> {
    while (this.#pieces.length >= mostPieces && this.#end === 'open') await this.#change();
    if (this.#end !== 'open') throw new Error('the archive has ended');
    this.#write(headerOf(file, content.length));
    this.#write(content);
    this.#write(zeros.subarray(0, -content.length & (recordBytes - 1)));
  }

  finish(): void {
    this.#write(zeros);
    this.#pieces.push(this.#piece.subarray(0, this.#filled));
    this.#endWith('finished');
  }

  abort(): void {
    if (this.#end === 'open') this.#endWith('given up');
  }

  /** Throws where it was given up. */
  async *bytes(): AsyncGenerator<Buffer> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece !== undefined) {
        this.#wake();
        yield piece;
      } else if (this.#end === 'finished') return;
      else if (this.#end === 'given up') throw new Error('the archive was given up');
      else await this.#change();
    }
  }

  #write(bytes: Buffer): void {
    for (let written = 0; written < bytes.length; ) {
      const copied = bytes.copy(this.#piece, this.#filled, written);
      written += copied;
      this.#filled += copied;
      if (this.#filled < pieceBytes) continue;
      this.#pieces.push(this.#piece);
      [this.#piece, this.#filled] = [Buffer.allocUnsafe(pieceBytes), 0];
      this.#wake();
    }
  }

  #endWith(end: 'finished' | 'given up'): void {
    this.#end = end;
    this.#wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
    });
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}

/** Two empty records are the end of an archive. */
const zeros = Buffer.alloc(2 * recordBytes);

/** Where the fields of a POSIX header are, and how many octal digits the numbers have. */
const fields = { mode: 100, uid: 108, gid: 116, size: 124, modifiedAt: 136, sum: 148, type: 156, magic: 257 };
const shortDigits = 7;
const longDigits = 11;
const sumDigits = 6;

function headerOf({ name, mode, modifiedAt }: Omit<PackedFile, 'content'>, size: number): Buffer {
  const header = Buffer.alloc(recordBytes);
  const number = (at: number, digits: number, value: number): void =>
    void header.write(value.toString(8).padStart(digits, '0'), at, 'latin1');
  header.write(name, 0, 'latin1');
  number(fields.mode, shortDigits, mode & 0o7777);
  number(fields.uid, shortDigits, 0);
  number(fields.gid, shortDigits, 0);
  number(fields.size, longDigits, size);
  number(fields.modifiedAt, longDigits, modifiedAt);
  header.write('0', fields.type, 'latin1');
  header.write('ustar\x0000', fields.magic, 'latin1');
  // The sum is made with its own field full of spaces.
  header.write('        ', fields.sum, 'latin1');
  let sum = 0;
  for (const byte of header) sum += byte;
  number(fields.sum, sumDigits, sum);
  header[fields.sum + sumDigits] = 0;
  return header;
}
