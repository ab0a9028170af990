/** Which bytes of one file have arrived, in pieces of one request. */

import type { Piece } from './run-concurrently.ts';

/** Half-open, in bytes. */
export type Range = readonly [start: number, end: number];

/**
 * Pieces arrive nearly in order, so it is kept as all pieces up to one and the few beyond: a size that a server
 * makes up takes no memory.
 */
export class DoneRanges {
  readonly totalBytes: number;
  readonly #pieceBytes: number;
  readonly #count: number;
  /** Every piece before this one is done. */
  #next = 0;
  readonly #beyond = new Set<number>();
  #doneBytes = 0;

  constructor(totalBytes: number, pieceBytes: number) {
    this.totalBytes = totalBytes;
    this.#pieceBytes = pieceBytes;
    this.#count = Math.ceil(totalBytes / pieceBytes);
  }

  get doneBytes(): number {
    return this.#doneBytes;
  }

  get isComplete(): boolean {
    return this.#doneBytes === this.totalBytes;
  }

  add(piece: Piece): void {
    const index = piece.position / this.#pieceBytes;
    if (this.#isDone(index)) return;
    this.#beyond.add(index);
    this.#doneBytes += piece.length;
    while (this.#beyond.delete(this.#next)) this.#next += 1;
  }

  /** Only pieces that lie wholly within the ranges count as done. */
  addRanges(ranges: readonly Range[]): void {
    for (const [start, end] of ranges) {
      for (let index = Math.ceil(start / this.#pieceBytes); index < this.#count; index += 1) {
        const piece = this.#piece(index);
        if (piece.position + piece.length > end) break;
        this.add(piece);
      }
    }
  }

  clear(): void {
    this.#next = 0;
    this.#beyond.clear();
    this.#doneBytes = 0;
  }

  ranges(): Range[] {
    const found: [number, number][] = [];
    if (this.#next > 0) found.push([0, Math.min(this.#next * this.#pieceBytes, this.totalBytes)]);
    for (const index of [...this.#beyond].sort((one, other) => one - other)) {
      const { position, length } = this.#piece(index);
      const last = found.at(-1);
      if (last !== undefined && last[1] === position) last[1] += length;
      else found.push([position, position + length]);
    }
    return found;
  }

  /** In order; a piece that becomes done on the way is left out. */
  *missing(): Generator<Piece> {
    for (let index = this.#next; index < this.#count; index += 1) {
      if (!this.#isDone(index)) yield this.#piece(index);
    }
  }

  /** Done pieces spread over the file, the first and the last among them. */
  samples(most: number): Piece[] {
    const last = [...this.#beyond].reduce((max, index) => Math.max(max, index), this.#next - 1);
    const wanted = Array.from({ length: most }, (_, step) => Math.round((last * step) / (most - 1)));
    return [...new Set(wanted)]
      .filter((index) => index >= 0 && this.#isDone(index))
      .map((index) => this.#piece(index));
  }

  #isDone(index: number): boolean {
    return index < this.#next || this.#beyond.has(index);
  }

  #piece(index: number): Piece {
    const position = index * this.#pieceBytes;
    return { position, length: Math.min(this.#pieceBytes, this.totalBytes - position) };
  }
}
