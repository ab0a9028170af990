/** Reads the file of `--env-file`. bai never reads a `.env` of the current folder by itself. */

import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { NotFoundError } from '../errors.ts';

export function readEnvironmentFile(path: string): Readonly<Record<string, string | undefined>> {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new NotFoundError(`the environment file ${path} does not exist`, {
      hint: 'check --env-file',
      cause,
    });
  }
}
