/** A checksum program of the session that is started while the bytes are on their way, and waits for their end. */

import { buffer } from 'node:stream/consumers';
import type { Fleet } from './fleet.ts';
import type { RemoteProgram } from './sftp-connection.ts';
import { checksumScript, readChecksum, remoteChecksum } from './verify.ts';

const script = `read -r _ && { ${checksumScript}; }`;

/** Disposal ends the program. */
export interface WaitingChecksum extends Disposable {
  /** SHA-256 in hexadecimal. Rejects with a BaiError. */
  compute(): Promise<string>;
}

/** Two round trips less than to start the program when it is needed. */
export function startChecksum(
  fleet: Fleet,
  file: { readonly path: string; readonly size: number },
): WaitingChecksum {
  const program = start(fleet, file.path);
  return {
    async compute() {
      return (await program.then(finish)) ?? remoteChecksum(fleet, file);
    },
    [Symbol.dispose]() {
      void program.then((started) => started?.[Symbol.dispose]());
    },
  };
}

/** Nothing when it cannot be: then it is asked for in the usual way. */
async function start(fleet: Fleet, path: string): Promise<RemoteProgram | undefined> {
  try {
    return await fleet.start(['sh', '-c', script, 'sh', await fleet.absolute(path)]);
  } catch {
    return undefined;
  }
}

/** Nothing when its connection was lost meanwhile, or it was silent for too long. */
async function finish(program: RemoteProgram | undefined): Promise<string | undefined> {
  if (program === undefined) return undefined;
  try {
    program.stdin.end('\n');
    const [printed, { status }] = await Promise.all([buffer(program.stdout), program.ended]);
    return readChecksum({ status, stdout: printed });
  } catch {
    return undefined;
  }
}
