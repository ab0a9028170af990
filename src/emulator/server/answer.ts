/** What a handler of an emulated server answers. */

import type { ServerResponse } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly json?: unknown;
  readonly bytes?: Buffer;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Takes the response over, for answers without an end. */
  readonly stream?: (response: ServerResponse) => Promise<void>;
}

export function ok(json: unknown, status = 200): Answer {
  return { status, json };
}
