/** Counts what a tree transfer did, and decides which failures end it. */

import type { TransferProblem, TransferSummary } from '../../core/sftp/transfer-plan.ts';
import { beginning, sanitizeLine } from '../../core/text/sanitize.ts';
import { BaiError, TransferError } from '../../errors.ts';
import { diskFull } from '../../files/local-error.ts';
import type { FileObserver } from './file-transfer.ts';

export interface TreeObserver extends FileObserver {
  /** One file or folder could not be moved; the rest goes on. */
  failed(problem: TransferProblem): void;
  /** Left out on purpose. */
  skipped(problem: TransferProblem): void;
  /** The connection was lost and is made again; what was moved stays moved. */
  retrying?(problem: TransferProblem): void;
  /** These may be left in the session, half made, because they could not be taken away. */
  left?(paths: readonly string[]): void;
  /** A file goes on from where an earlier run stopped, with this many bytes already there. */
  resumed?(path: string, bytes: number): void;
}

/** A server can list names without end; what is remembered about them has one. */
const mostProblems = 10_000;
/** A reason may name a path, or two. */
const longestPath = 4_200;
const longestReason = 2 * longestPath;
const tooManyProblems = 'too-many-problems';

/** After these, what follows would only fail in the same way. */
export const fatalCodes: ReadonlySet<string> = new Set([diskFull, tooManyProblems]);

export class TransferStats {
  #files = 0;
  #bytes = 0;
  #verified = 0;
  #resumed = 0;
  #retries = 0;
  #byTar = 0;
  readonly #undated: string[] = [];
  readonly #failed: TransferProblem[] = [];
  readonly #skipped: TransferProblem[] = [];
  readonly #observer: TreeObserver;
  readonly #isOver: () => boolean;

  /** `isOver`: the connection is lost or the user interrupted, so no further step can succeed. */
  constructor(observer: TreeObserver, isOver: () => boolean) {
    this.#observer = observer;
    this.#isOver = isOver;
  }

  get summary(): TransferSummary {
    return {
      files: this.#files,
      bytes: this.#bytes,
      failed: this.#failed,
      skipped: this.#skipped,
      verified: this.#verified,
      resumed: this.#resumed,
      byTar: this.#byTar,
      undated: this.#undated,
      retries: this.#retries,
    };
  }

  /** Runs one step for `path`: its failure is noted unless it concerns all that would follow. */
  async attempt(path: string, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof BaiError) || this.#isOver() || fatalCodes.has(error.code)) throw error;
      this.fail(path, error.message, error.code);
    }
  }

  moved(bytes: number): void {
    this.#files += 1;
    this.#bytes += bytes;
  }

  /** One of those that moved did so in a tar stream. */
  movedByTar(): void {
    this.#byTar += 1;
  }

  /** One that moves without its time, which SFTP cannot carry. */
  undated(path: string): void {
    if (this.#undated.length < mostProblems) this.#undated.push(beginning(path, longestPath));
  }

  verified(): void {
    this.#verified += 1;
  }

  resumed(path: string, bytes: number): void {
    this.#resumed += 1;
    this.#observer.resumed?.(path, bytes);
  }

  retrying(problem: TransferProblem): void {
    this.#retries += 1;
    this.#observer.retrying?.(problem);
  }

  fail(path: string, reason: string, code: string): void {
    const problem = { path: beginning(path, longestPath), reason: told(reason), code };
    this.#note(this.#failed, problem);
    this.#observer.failed(problem);
  }

  skip(path: string, reason: string, code: string): void {
    const problem = { path: beginning(path, longestPath), reason, code };
    this.#note(this.#skipped, problem);
    this.#observer.skipped(problem);
  }

  #note(list: TransferProblem[], problem: TransferProblem): void {
    if (list.length >= mostProblems) {
      throw new TransferError(`gave up after ${mostProblems} files that could not be moved`, {
        code: tooManyProblems,
      });
    }
    list.push(problem);
  }
}

function told(reason: string): string {
  return beginning(sanitizeLine(reason), longestReason);
}
