/** Whether small files go in tar streams, decided once for a run. */

import type { TransferOptions } from '../../core/sftp/transfer-options.ts';
import { sanitizeLine } from '../../core/text/sanitize.ts';
import { BaiError, NotFoundError } from '../../errors.ts';
import type { ChannelPool } from '../engine/channel-pool.ts';
import { FileQueue } from '../engine/file-queue.ts';
import { requestBytes } from '../engine/sftp-channel.ts';
import { fatalCodes } from '../engine/transfer-stats.ts';
import type { TransferRun } from './transfer-run.ts';

/**
 * Fewer go sooner by themselves: a tar stream costs the start of two programs, and its eight round trips come one
 * after the other, where hundreds of files share each of theirs. Measured without delay and at 50 ms.
 */
const fewestFiles = 64;
const fewestFilesPerMs = 10;
/** Of one stream. It is done again file by file when it fails, and nothing of it has its name before it has ended. */
export const mostFiles = 1_000;
/** Two at a time: one is packed while another one's files get their names. */
const mostStreams = { files: 2, bytes: Number.MAX_SAFE_INTEGER };
/** After so many streams in a row that moved nothing the program is of no use. */
const mostFailures = 2;

/** Whether SFTP would fail in the same way: the statistics have let it through for that. */
export function endsRun(error: BaiError): boolean {
  return fatalCodes.has(error.code);
}

export class TarUse {
  /** The streams on their way. */
  readonly queue = new FileQueue(mostStreams);
  readonly #pool: ChannelPool;
  readonly #options: TransferOptions;
  #failures = 0;

  constructor(pool: ChannelPool, options: TransferOptions) {
    this.#pool = pool;
    this.#options = options;
  }

  /** Larger ones are worth a journal and several channels, or fill a window by themselves. */
  takes(size: number): boolean {
    return this.#options.via !== 'sftp' && size <= requestBytes && this.#failures < mostFailures;
  }

  /** Nobody asks first whether there is a tar: a stream that finds none is an answer too, and sooner. */
  isWorthwhile(files: number): boolean {
    if (this.#failures >= mostFailures) return false;
    if (this.#options.via === 'tar') return true;
    const { roundTripMs } = this.#pool;
    const fewest = fewestFiles + fewestFilesPerMs * (Number.isFinite(roundTripMs) ? roundTripMs : 0);
    return files >= Math.min(fewest, mostFiles);
  }

  /** Throws when the user insists on a program that the session does not have. */
  async require(): Promise<void> {
    if (this.#options.via !== 'tar') return;
    const result = await this.#pool.programs.run(['sh', '-c', 'command -v tar >/dev/null']);
    const trouble = result instanceof BaiError ? `: ${result.message}` : '';
    if (result !== undefined && 'status' in result && result.status === 0) return;
    throw new NotFoundError(`the session has no tar, or runs no programs${trouble}`, {
      code: 'no-tar',
      hint: 'leave out --via, so that the files go by SFTP, or install tar in the session',
    });
  }

  /** What came of one stream. */
  ended(movedFiles: number): void {
    this.#failures = movedFiles > 0 ? 0 : this.#failures + 1;
  }
}

/** Somebody has waited, and sees its files come the other way. */
export function tellBySftp(path: string, problem: string, { observer }: TransferRun): void {
  observer.retrying?.({ path, reason: sanitizeLine(`by SFTP, because ${problem}`), code: 'tar-failed' });
}

/** A file that came in a stream is whole when it is first heard of. */
export function noteMoved(path: string, size: number, { pool, observer, stats }: TransferRun): void {
  const meter = observer.started(path, size);
  meter.update(size);
  meter.stop();
  pool.expect(size);
  pool.moved(size);
  stats.moved(size);
  stats.movedByTar();
}
