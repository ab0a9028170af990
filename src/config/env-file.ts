/** Reads the file of `--env-file`. bai never reads a `.env` of the current folder by itself. */

import { parseEnv } from 'node:util';
import { decodeText } from '../core/text/decode-text.ts';
import { NotFoundError, systemCode } from '../errors.ts';
import { readNamedFile } from '../files/named-file.ts';

const limit = { mostBytes: 1 << 20, thing: 'any environment file' };

export async function readEnvironmentFile(
  path: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string | undefined>>> {
  try {
    return parseEnv(decodeText(await readNamedFile(path, { ...limit, signal })));
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT') throw cause;
    throw new NotFoundError(`the environment file ${path} does not exist`, {
      hint: 'check --env-file',
      cause,
    });
  }
}
