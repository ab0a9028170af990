/** One request on its way through the emulated platform. */

import type { Answer } from '../server/answer.ts';
import type { Arrival } from '../server/http-server.ts';
import type { RoutePath } from '../server/routes.ts';
import type { RescaleAccount } from './accounts.ts';
import type { Platform } from './platform.ts';

export interface Exchange extends Arrival {
  readonly platform: Platform;
  readonly account: RescaleAccount;
  readonly body: Buffer;
  /** The decoded parts of the path that the route leaves open. */
  readonly captured: readonly string[];
}

export interface Route extends RoutePath {
  handle(exchange: Exchange): Answer | Promise<Answer>;
}
