/** A look at what answers an address, which is told nothing. */

import type * as z from 'zod/mini';
import { parseJson } from '../core/text/json.ts';
import { BaiError } from '../errors.ts';
import { urlBelow } from './answer.ts';
import { acceptEncoding } from './decode.ts';
import { readBody } from './http.ts';
import type { Network } from './network.ts';
import { send } from './send.ts';

export interface PeekParts {
  readonly network: Network;
  readonly userAgent: string;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

export interface Peeked {
  readonly status: number;
  /** Empty when it is long: then it is none of what is looked for. */
  readonly body: string;
  /** Where a redirect leads. */
  readonly location: URL | undefined;
}

const server = { name: 'the server', kind: 'a server that bai knows' };
const longest = 256 << 10;

/** Rejects as every request does when nothing answers. Redirects are not followed. */
export async function peek(address: URL, path: string, parts: PeekParts): Promise<Peeked> {
  const { network, userAgent, now, signal } = parts;
  const url = urlBelow(address, path);
  const headers = { 'User-Agent': userAgent, Accept: 'application/json, */*', ...acceptEncoding };
  const request = { what: 'answer', method: 'GET', url, headers, signal };
  const response = await send(request, { network, server, isRepeatable: true, now });
  const { statusCode: status = 0, headers: answered } = response;
  const { location } = answered;
  return {
    status,
    location: location !== undefined && URL.canParse(location, url.href) ? new URL(location, url) : undefined,
    body: await bodyOf(response, signal),
  };
}

/** Whether a question that takes an account is refused there in the platform's own form. */
export async function refusesStrangers(
  address: URL,
  path: string,
  { refusal, ...parts }: PeekParts & { readonly refusal: z.ZodMiniType },
): Promise<boolean> {
  const { status, body } = await peek(address, path, parts);
  return (status === 401 || status === 403) && refusal.safeParse(parseJson(body)).success;
}

async function bodyOf(response: Parameters<typeof readBody>[0], signal: AbortSignal): Promise<string> {
  try {
    return (await readBody(response, { limit: longest, signal, server })).toString();
  } catch (error) {
    if (signal.aborted || !(error instanceof BaiError) || error.code !== 'answer-too-large') throw error;
    return '';
  }
}
