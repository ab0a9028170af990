/** A checksum program of the session that is started while the bytes are on their way, and waits for their end. */

import { BaiError } from '../../errors.ts';
import type { ChannelPool } from '../engine/channel-pool.ts';
import { checksumScript } from '../engine/checksum-script.ts';
import { readChecksum, remoteChecksum, type SizedPath } from '../local/verify.ts';

const script = `read -r _ && { ${checksumScript}; }`;

/** Disposal ends the program. */
interface WaitingChecksum extends Disposable {
  /** SHA-256 in hexadecimal. Rejects with a BaiError. */
  compute(): Promise<string>;
}

/** Two round trips less than to start the program when it is needed. */
export function startChecksum(pool: ChannelPool, file: SizedPath): WaitingChecksum {
  const stop = new AbortController();
  let go: (line: string) => void = () => {};
  const input = new Promise<string>((resolve) => {
    go = resolve;
  });
  const result = start(pool, file, { input, signal: stop.signal });
  return {
    async compute() {
      go('\n');
      return readChecksum(await result, file.path, pool) ?? remoteChecksum(pool, file);
    },
    [Symbol.dispose]: () => stop.abort(),
  };
}

interface Waiting {
  readonly input: Promise<string>;
  readonly signal: AbortSignal;
}

/** Nothing when it cannot be, or its connection was lost meanwhile: then it is asked for in the usual way. */
async function start(pool: ChannelPool, { path, size }: SizedPath, waiting: Waiting) {
  try {
    const words = ['sh', '-c', script, 'sh', await pool.absolute(path)];
    const result = await pool.programs.runOnce(words, { ...waiting, bytes: size });
    return result instanceof BaiError ? undefined : result;
  } catch (error) {
    if (error instanceof BaiError) return undefined;
    throw error;
  }
}
