/** What a program prints, kept for an answer in JSON. */

import { Writable } from 'node:stream';

/** Of one stream; the rest is counted and dropped. */
export const mostCapturedBytes = 1024 * 1024;

export interface CapturedStream {
  /** Bytes that are no UTF-8 are U+FFFD here. */
  readonly text: string;
  /** The same bytes, where they are no UTF-8. */
  readonly base64?: string;
  /** All that was printed, where it is more than what is here. */
  readonly bytes?: number;
}

export interface CapturedOutput {
  readonly stdout: Writable;
  readonly stderr: Writable;
  end(): Promise<void>;
  taken(): { readonly stdout: CapturedStream; readonly stderr: CapturedStream };
}

export function captureOutput(): CapturedOutput {
  const stdout = new Capture();
  const stderr = new Capture();
  return {
    stdout,
    stderr,
    async end() {},
    taken: () => ({ stdout: stdout.taken(), stderr: stderr.taken() }),
  };
}

class Capture extends Writable {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const room = Math.max(0, mostCapturedBytes - this.#bytes);
    if (room > 0) this.#chunks.push(Buffer.from(chunk.subarray(0, room)));
    this.#bytes += chunk.length;
    done();
  }

  taken(): CapturedStream {
    const kept = Buffer.concat(this.#chunks);
    const isCut = this.#bytes > kept.length;
    const text = decode(kept, isCut);
    return {
      text: text ?? kept.toString(),
      ...(text === undefined && { base64: kept.toString('base64') }),
      ...(isCut && { bytes: this.#bytes }),
    };
  }
}

/** Nothing when the bytes are no UTF-8; a last character that was cut is left out. */
function decode(bytes: Buffer, isCut: boolean): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut });
  } catch {
    return undefined;
  }
}
