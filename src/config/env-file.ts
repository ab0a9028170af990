/** Reads the file of `--env-file`. bai never reads a `.env` of the current folder by itself. */

import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { unlessAborted } from '../core/time-limit.ts';
import { NotFoundError, systemCode } from '../errors.ts';

/** It may be a pipe, whose other end is somebody's program: that is waited for. */
export async function readEnvironmentFile(
  path: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string | undefined>>> {
  try {
    return parseEnv(await unlessAborted(readFile(path, 'utf8'), signal));
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT') throw cause;
    throw new NotFoundError(`the environment file ${path} does not exist`, {
      hint: 'check --env-file',
      cause,
    });
  }
}
