/** What an answer that refuses, or none at all, says about a call. */

import type { IncomingMessage } from 'node:http';
import { DeniedError } from '../../../errors.ts';
import { readRefusal } from '../../../net/answer.ts';
import { manager } from './manager-name.ts';
import { type Problem, parseProblem } from './problem.ts';

/** The status alone when the body breaks off, is not readable or does not end before `limit`. */
export async function readProblem(
  response: IncomingMessage,
  limit: AbortSignal,
  signal: AbortSignal,
): Promise<Problem> {
  const body = await readRefusal(response, { server: manager, signal, limit });
  return parseProblem(response.statusCode ?? 0, body);
}

/** Whether a refusal leaves open what became of the request: the manager's own 501 and 503 do not, a gateway's do. */
export function mayHaveActed({ status, slug }: Problem): boolean {
  return status >= 500 && !(slug !== '' && (status === 501 || status === 503));
}

export type MissingKey = 'accessKey' | 'secretKey' | 'both';

/** A call without a key: the answer is known before it is sent, but `GET /` and a wrong endpoint come first. */
export function noKey(what: string, missing: MissingKey = 'both'): DeniedError {
  return new DeniedError(`cannot ${what}: ${missingWords[missing]}`, {
    code: 'not-signed-in',
    hint: missingHints[missing],
  });
}

const missingWords: Readonly<Record<MissingKey, string>> = {
  accessKey: 'the secret key is set, but the access key is not',
  secretKey: 'the access key is set, but the secret key is not',
  both: 'neither an access key nor a secret key is set',
};

const missingHints: Readonly<Record<MissingKey, string>> = {
  accessKey: 'set BACKEND_ACCESS_KEY, or `bai config set accessKey …`',
  secretKey: 'set BACKEND_SECRET_KEY, or `bai config set secretKey`, which asks for it',
  both: '`bai login` asks for them; or set BACKEND_ACCESS_KEY and BACKEND_SECRET_KEY, or `bai config set accessKey …` and `bai config set secretKey`',
};
