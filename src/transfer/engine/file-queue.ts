/** Several files on their way at a time, bounded by their number and by the memory they take. */

export class FileQueue {
  readonly #mostFiles: number;
  readonly #mostBytes: number;
  #files = 0;
  #bytes = 0;
  #failure: { readonly reason: unknown } | undefined;
  readonly #running = new Set<Promise<void>>();
  /** Who adds waits here for room: several walks may. */
  readonly #waiting = new Set<() => void>();

  constructor(
    most: { readonly files: number; readonly bytes: number } = { files: 256, bytes: 32 * 1024 * 1024 },
  ) {
    this.#mostFiles = most.files;
    this.#mostBytes = most.bytes;
  }

  /**
   * Resolves when the task has been started; a task larger than the whole bound runs alone. Rejects with the
   * first failure among the tasks before it, and then starts nothing.
   */
  async add(bytes: number, task: () => Promise<void>): Promise<void> {
    const cost = Math.min(bytes, this.#mostBytes);
    while (this.#files > 0 && (this.#files >= this.#mostFiles || this.#bytes + cost > this.#mostBytes)) {
      this.throwFailure();
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
    this.throwFailure();
    this.#files += 1;
    this.#bytes += cost;
    const running = task()
      .catch((reason: unknown) => {
        this.#failure ??= { reason };
      })
      .finally(() => {
        this.#files -= 1;
        this.#bytes -= cost;
        this.#running.delete(running);
        this.#wakeAll();
      });
    this.#running.add(running);
  }

  /** Waits for every task that was started, however it ends. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Throws the first failure among the tasks, if there was one. */
  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.reason;
  }

  #wakeAll(): void {
    if (this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}
