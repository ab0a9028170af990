/** Several pieces of one job in flight at a time. */

/**
 * Works through the items in order, at most `lanes` at a time, and rejects with the first failure at once:
 * what is still in flight then learns it from `isOver`, and its outcome no longer counts.
 * `openLane` is called once for each lane, so a lane can own a buffer.
 */
export async function runConcurrently<T>(
  items: Iterable<T>,
  lanes: number,
  openLane: (isOver: () => boolean) => (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  let over = false;
  const runLane = async (): Promise<void> => {
    const work = openLane(() => over);
    for (let next = rest.next(); !over && !next.done; next = rest.next()) await work(next.value);
  };
  try {
    await Promise.all(Array.from({ length: lanes }, runLane));
  } finally {
    over = true;
  }
}

export interface Piece {
  readonly position: number;
  readonly length: number;
}

export function* pieces(totalBytes: number, pieceBytes: number): Generator<Piece> {
  for (let position = 0; position < totalBytes; position += pieceBytes) {
    yield { position, length: Math.min(pieceBytes, totalBytes - position) };
  }
}
