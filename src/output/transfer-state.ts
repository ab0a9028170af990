/** What is known of a running transfer: the numbers that bars, heartbeats and events show. */

import { RateWindow } from './rate.ts';

interface FileState {
  readonly path: string;
  readonly totalBytes: number | undefined;
  readonly startedAt: number;
  bytes: number;
}

interface RunningFile extends FileState {
  readonly rate: RateWindow;
  /** Of those that were there before, how many the count has not come to yet. */
  oldBytes: number;
  movedBytes: number;
}

export interface FileView {
  readonly path: string;
  readonly bytes: number;
  readonly totalBytes: number | undefined;
  readonly bytesPerSecond: number;
  readonly startedAt: number;
}

export interface TotalView {
  readonly finishedFiles: number;
  readonly startedFiles: number;
  /** Known when the transfer was planned. */
  readonly totalFiles: number | undefined;
  /** Of all files so far, with what earlier runs had moved of them. */
  readonly bytes: number;
  readonly totalBytes: number | undefined;
  readonly bytesPerSecond: number;
  readonly retries: number;
}

export class TransferState {
  readonly #running = new Set<RunningFile>();
  readonly #resumed = new Map<string, number>();
  readonly #rate: RateWindow;
  #startedFiles = 0;
  #finishedFiles = 0;
  #startedBytes: number | undefined;
  #bytes = 0;
  #movedBytes = 0;
  #expected: { files: number; bytes: number } | undefined;
  retries = 0;

  constructor(time: number) {
    this.#rate = new RateWindow(time);
  }

  expect(files: number, bytes: number): void {
    this.#expected = { files, bytes };
  }

  start(path: string, totalBytes: number | undefined, time: number): RunningFile {
    const oldBytes = this.#resumed.get(path) ?? 0;
    this.#resumed.delete(path);
    const rate = new RateWindow(time);
    const file = { path, totalBytes, startedAt: time, bytes: 0, rate, oldBytes, movedBytes: 0 };
    this.#running.add(file);
    this.#startedFiles += 1;
    // Only asked for while there is one file.
    this.#startedBytes = totalBytes;
    return file;
  }

  /** `bytes` of the file were there before: they count as done, and not for the rate. */
  resume(path: string, bytes: number): void {
    for (const file of this.#running) {
      if (file.path === path) {
        file.oldBytes = bytes;
        return;
      }
    }
    this.#resumed.set(path, bytes);
  }

  /** The count goes back when a piece has to be moved again. */
  update(file: RunningFile, bytes: number, time: number): void {
    const step = bytes - file.bytes;
    const old = Math.min(file.oldBytes, Math.max(0, step));
    file.oldBytes -= old;
    file.bytes = bytes;
    file.movedBytes += step - old;
    this.#bytes += step;
    this.#movedBytes += step - old;
    file.rate.add(time, file.movedBytes);
    this.#rate.add(time, this.#movedBytes);
  }

  finish(file: RunningFile): void {
    if (this.#running.delete(file)) this.#finishedFiles += 1;
  }

  /** The longest running first. */
  files(time: number): FileView[] {
    return [...this.#running].map((file) => ({
      path: file.path,
      bytes: file.bytes,
      totalBytes: file.totalBytes,
      bytesPerSecond: file.rate.bytesPerSecond(time, file.movedBytes),
      startedAt: file.startedAt,
    }));
  }

  total(time: number): TotalView {
    const isOnlyFile = this.#startedFiles === 1 && this.#expected === undefined;
    return {
      finishedFiles: this.#finishedFiles,
      startedFiles: this.#startedFiles,
      totalFiles: this.#expected?.files,
      bytes: this.#bytes,
      totalBytes: this.#expected?.bytes ?? (isOnlyFile ? this.#startedBytes : undefined),
      bytesPerSecond: this.#rate.bytesPerSecond(time, this.#movedBytes),
      retries: this.retries,
    };
  }
}
