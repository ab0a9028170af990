/** Which bytes of one file have arrived, in pieces of one request. */

import type { Piece } from './window.ts';

/** Half-open, in bytes. */
export type Range = readonly [start: number, end: number];

export class DoneRanges {
  readonly totalBytes: number;
  readonly #pieceBytes: number;
  /** One byte for each piece: 4 MB for a terabyte. */
  readonly #done: Uint8Array;
  #doneBytes = 0;

  constructor(totalBytes: number, pieceBytes: number) {
    this.totalBytes = totalBytes;
    this.#pieceBytes = pieceBytes;
    this.#done = new Uint8Array(Math.ceil(totalBytes / pieceBytes));
  }

  get doneBytes(): number {
    return this.#doneBytes;
  }

  get isComplete(): boolean {
    return this.#doneBytes === this.totalBytes;
  }

  add(piece: Piece): void {
    const index = piece.position / this.#pieceBytes;
    if (this.#done[index] !== 0) return;
    this.#done[index] = 1;
    this.#doneBytes += piece.length;
  }

  /** Only pieces that lie wholly within the ranges count as done. */
  addRanges(ranges: readonly Range[]): void {
    for (const [start, end] of ranges) {
      for (let index = Math.ceil(start / this.#pieceBytes); index < this.#done.length; index += 1) {
        const piece = this.#piece(index);
        if (piece.position + piece.length > end) break;
        this.add(piece);
      }
    }
  }

  clear(): void {
    this.#done.fill(0);
    this.#doneBytes = 0;
  }

  ranges(): Range[] {
    const found: [number, number][] = [];
    for (const { position, length } of this.#pieces(1)) {
      const last = found.at(-1);
      if (last !== undefined && last[1] === position) last[1] += length;
      else found.push([position, position + length]);
    }
    return found;
  }

  /** In order; a piece that becomes done on the way is left out. */
  missing(): Generator<Piece> {
    return this.#pieces(0);
  }

  /** Done pieces spread over the file, the first and the last among them. */
  samples(most: number): Piece[] {
    const done = [...this.#pieces(1)];
    if (done.length <= most) return done;
    const step = (done.length - 1) / (most - 1);
    return Array.from({ length: most }, (_, index) => done[Math.round(index * step)]).filter(
      (piece) => piece !== undefined,
    );
  }

  *#pieces(state: 0 | 1): Generator<Piece> {
    for (let index = 0; index < this.#done.length; index += 1) {
      if (this.#done[index] === state) yield this.#piece(index);
    }
  }

  #piece(index: number): Piece {
    const position = index * this.#pieceBytes;
    return { position, length: Math.min(this.#pieceBytes, this.totalBytes - position) };
  }
}
