/** One request on its way through the emulator, and the answer a handler gives to it. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Account } from '../model/accounts.ts';
import type { FaultBook } from '../model/faults.ts';
import type { Image } from '../model/images.ts';
import type { ReleaseBehaviour } from '../model/release.ts';
import type { SessionStore } from './session-store.ts';

/** What handlers know of the emulator. */
export interface Machine {
  readonly behaviour: ReleaseBehaviour;
  readonly accounts: readonly Account[];
  readonly images: readonly Image[];
  /** The virtual folders there are; nothing: each that a request names. */
  readonly folders: readonly string[] | undefined;
  readonly sessions: SessionStore;
  readonly faults: FaultBook;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly method: string;
  /** Without the query, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  /** The decoded parts of the path that the route leaves open. */
  readonly captured: readonly string[];
  readonly account: Account;
  readonly apiVersion: string;
  /** Aborted when the client goes away or the emulator closes. */
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly json?: unknown;
  readonly bytes?: Buffer;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Takes the response over, for answers without an end. */
  readonly stream?: (response: ServerResponse) => Promise<void>;
}

export interface Route {
  readonly method: string;
  /** `{}` stands for one open part: `/session/{}/logs`. */
  readonly path: string;
  handle(exchange: Exchange): Answer | Promise<Answer>;
}

export function ok(json: unknown, status = 200): Answer {
  return { status, json };
}
