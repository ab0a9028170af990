/** `/func/...`: a call to the manager in the name of whoever is logged in, and the manager's answer as it is. */

import { type IncomingHttpHeaders, type IncomingMessage, request as openRequest } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Account } from '../model/accounts.ts';
import type { ReleaseBehaviour } from '../model/release.ts';
import type { Answer } from '../server/answer.ts';
import type { Arrival } from '../server/http-server.ts';
import { managerAway } from './refusals.ts';
import { signedHeaders } from './signed.ts';

interface Relaying {
  /** `http://HOST:PORT` of the manager. */
  readonly manager: string;
  /** Nobody for the handshake. */
  readonly account: Account | undefined;
  readonly behaviour: ReleaseBehaviour;
  readonly signal: AbortSignal;
}

export async function relayCall(arrival: Arrival, relaying: Relaying): Promise<Answer> {
  try {
    const reply = await call(arrival, relaying);
    return answerOf(reply);
  } catch (error) {
    if (relaying.signal.aborted) throw error;
    return managerAway(relaying.behaviour);
  }
}

export async function answersHandshake(manager: string): Promise<boolean> {
  try {
    return (await fetch(manager)).ok;
  } catch {
    return false;
  }
}

/** Path and query at the manager. */
export function managerTarget(url: string): string {
  return url.slice('/func'.length);
}

function call(
  { request }: Arrival,
  { manager, account, behaviour, signal }: Relaying,
): Promise<IncomingMessage> {
  const method = request.method ?? 'GET';
  const target = managerTarget(request.url ?? '/func/');
  const version = String(request.headers['x-backendai-version'] ?? behaviour.apiVersion);
  const contentType = request.headers['content-type'];
  const url = new URL(manager);
  const signed =
    account === undefined ? {} : signedHeaders({ method, target, contentType, version }, url, account);
  const headers = { ...passedOn(request.headers), ...signed, 'X-BackendAI-Version': version };
  const { hostname, port } = url;
  return new Promise((resolve, reject) => {
    const outgoing = openRequest(
      { hostname, port, path: target, method, headers, signal, agent: false },
      resolve,
    );
    outgoing.on('error', reject);
    pipeline(request, outgoing).catch(reject);
  });
}

/** Neither the client's keys nor the login, which are no business of the manager. */
function passedOn(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const wanted = ['accept', 'accept-language', 'content-type', 'content-length', 'transfer-encoding'];
  return Object.fromEntries(
    wanted.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function answerOf(reply: IncomingMessage): Answer {
  const { statusCode: status = 502, headers } = reply;
  const kept = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string' && !ownHeaders.has(name) ? [[name, value] as const] : [],
  );
  const answer = { status, headers: Object.fromEntries(kept) };
  if (headers['content-type'] === undefined) {
    reply.resume();
    return answer;
  }
  return {
    ...answer,
    contentType: headers['content-type'],
    // Whichever side breaks off, the other sees that the answer is not whole.
    async stream(response) {
      response.flushHeaders();
      await pipeline(reply, response).catch(() => void response.destroy());
    },
  };
}

/** Those of the connection to the manager, and the one that is set with the body. */
const ownHeaders = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'date',
  'server',
  'content-type',
]);
