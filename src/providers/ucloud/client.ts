/** Calls to UCloud with an API token: errors, and who is asked when one is refused. Knows no route but that one. */

import type { IncomingMessage } from 'node:http';
import * as z from 'zod/mini';
import { plaintextEndpoint } from '../../core/text/is-plaintext-url.ts';
import { BaiError, type Doubt, UsageError } from '../../errors.ts';
import { readChecked, urlBelow } from '../../net/answer.ts';
import { acceptEncoding } from '../../net/decode.ts';
import type { Network } from '../../net/network.ts';
import { redirected } from '../../net/redirect.ts';
import { doubted, send } from '../../net/send.ts';
import { mayHaveActed, type Problem, readProblem, refusalError, tokenRefused } from './problem.ts';
import { ucloud } from './server-name.ts';
import { checkApiToken, idOfToken } from './token.ts';

export interface UcloudOptions {
  /** Where the token was made: it goes nowhere else. */
  readonly endpoint: URL;
  readonly token: string;
  readonly userAgent: string;
  readonly network: Network;
  readonly now: () => Date;
  /** Hears that UCloud asked for a pause, which bai makes. */
  readonly onPause?: ((message: string) => void) | undefined;
}

export interface Call {
  /** Completes "cannot …" in errors, e.g. `list your jobs`. */
  readonly what: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the endpoint, e.g. `api/jobs/browse`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** A POST that changes nothing. */
  readonly readsOnly?: boolean;
  /** Of a call that changes something: what is told when nobody knows whether it was carried out. */
  readonly doubt?: Doubt;
  readonly signal: AbortSignal;
}

/** Who the token is of; what UCloud does not say is empty. */
interface Account {
  readonly email: string;
  readonly name: string;
  readonly organization: string;
}

export interface UcloudClient {
  readonly endpoint: URL;
  /** The number that UCloud lists the token under. */
  readonly tokenId: string | undefined;
  readonly now: () => Date;
  /** JSON, checked. */
  json<S extends z.ZodMiniType>(call: Call, schema: S): Promise<z.infer<S>>;
  /** A call whose answer says nothing but that it was accepted. */
  done(call: Call): Promise<void>;
  /** Also the check that the token is accepted: rejects with a DeniedError `auth-failed` when it is not. */
  whoAmI(signal: AbortSignal): Promise<Account>;
}

/** Throws a UsageError for a token that cannot be one, and for an address at which others could read it on the way. */
export function createUcloudClient(options: UcloudOptions): UcloudClient {
  checkApiToken(options.token, 'the token');
  if (plaintextEndpoint([options.endpoint.href]) !== undefined) {
    throw new UsageError(`the API token would go to ${options.endpoint.origin} unencrypted`, {
      code: 'clear-text',
      hint: 'write https:// in the endpoint',
    });
  }
  const client = new Client(options);
  return {
    endpoint: options.endpoint,
    tokenId: idOfToken(options.token),
    now: options.now,
    json: (call, schema) => client.json(call, schema),
    done: (call) => client.done(call),
    whoAmI: (signal) => client.whoAmI(signal),
  };
}

const text = z.pipe(
  z.optional(z.nullable(z.string())),
  z.transform((value) => value ?? ''),
);

const userSchema = z.object({ email: text, firstNames: text, lastName: text, organization: text });

/** Pages of jobs with their updates and applications. */
const largestJson = 64 << 20;

class Client {
  readonly #options: UcloudOptions;

  constructor(options: UcloudOptions) {
    this.#options = options;
  }

  async json<S extends z.ZodMiniType>(call: Call, schema: S): Promise<z.infer<S>> {
    const response = await this.#open(call);
    try {
      return await this.#read(call, response, schema);
    } catch (error) {
      throw doubted(call, error);
    }
  }

  async done(call: Call): Promise<void> {
    const response = await this.#open(call);
    response.resume();
  }

  async whoAmI(signal: AbortSignal): Promise<Account> {
    const call: Call = { what: 'sign in', method: 'GET', path: 'auth/users/userInfo', signal };
    const response = await this.#send(call);
    if (!isSuccess(response)) {
      const problem = await readProblem(response, signal);
      throw isCredentials(problem)
        ? tokenRefused(call.what, problem)
        : this.#refusal(call, problem, response);
    }
    const { email, firstNames, lastName, organization } = await this.#read(call, response, userSchema);
    return { email, name: `${firstNames} ${lastName}`.trim(), organization };
  }

  async #open(call: Call): Promise<IncomingMessage> {
    const response = await this.#send(call);
    if (isSuccess(response)) return response;
    const problem = await readProblem(response, call.signal);
    if (isCredentials(problem)) await this.#checkToken(call, problem);
    const refusal = this.#refusal(call, problem, response);
    throw mayHaveActed(problem) ? doubted(call, refusal) : refusal;
  }

  /** A 403 is both "who are you" and "not yours": only who one is tells them apart. */
  async #checkToken(call: Call, problem: Problem): Promise<void> {
    try {
      await this.whoAmI(call.signal);
    } catch (error) {
      if (error instanceof BaiError && error.code === 'auth-failed') throw tokenRefused(call.what, problem);
      // That nobody can be asked explains nothing; an interrupt ends the call.
      if (call.signal.aborted || !(error instanceof BaiError)) throw error;
    }
  }

  #send({ what, method, path, query, body, readsOnly, doubt, signal }: Call): Promise<IncomingMessage> {
    const { endpoint, network, now, onPause } = this.#options;
    const content = body === undefined ? undefined : JSON.stringify(body);
    const request = {
      ...{ what, method, signal },
      url: urlBelow(endpoint, path, query),
      headers: this.#headers(content),
      ...(content !== undefined && { body: content }),
    };
    const isRepeatable = method === 'GET' || readsOnly === true;
    return send(request, { network, server: ucloud, isRepeatable, doubt, now, onPause });
  }

  #headers(content: string | undefined): Record<string, string> {
    const { token, userAgent } = this.#options;
    return {
      Authorization: `Bearer ${token}`,
      'User-Agent': userAgent,
      Accept: 'application/json',
      ...acceptEncoding,
      ...(content !== undefined && { 'Content-Type': 'application/json' }),
    };
  }

  #refusal({ what }: Call, problem: Problem, response: IncomingMessage): BaiError {
    const { endpoint, now } = this.#options;
    if (problem.status >= 300 && problem.status < 400) return redirected(endpoint, response);
    return refusalError(what, problem, response, now());
  }

  #read<S extends z.ZodMiniType>(
    { what, signal }: Call,
    response: IncomingMessage,
    schema: S,
  ): Promise<z.infer<S>> {
    const speaker = this.#options.endpoint.origin;
    const hint = 'check that the endpoint is a UCloud server; if it is, report this';
    return readChecked(response, schema, {
      ...{ what, server: ucloud, speaker, hint, mostBytes: largestJson, signal },
    });
  }
}

function isSuccess({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}

/** Only UCloud's own: a gateway's 403 is about something else. */
function isCredentials({ status, isUclouds }: Problem): boolean {
  return isUclouds && (status === 401 || status === 403);
}
