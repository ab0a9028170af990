/** One request on its way through the emulator, and what handles it. */

import type { Account } from '../model/accounts.ts';
import type { FaultBook } from '../model/faults.ts';
import type { FolderBook } from '../model/folders.ts';
import type { Image } from '../model/images.ts';
import type { ReleaseBehaviour } from '../model/release.ts';
import type { EmulatedResources } from '../model/resources.ts';
import type { Answer } from '../server/answer.ts';
import type { Arrival } from '../server/http-server.ts';
import type { RoutePath } from '../server/routes.ts';
import type { SessionStore } from './session-store.ts';

/** What handlers know of the emulator. */
export interface Machine {
  readonly behaviour: ReleaseBehaviour;
  readonly accounts: readonly Account[];
  readonly images: readonly Image[];
  readonly folders: FolderBook;
  readonly resources: EmulatedResources;
  readonly sessions: SessionStore;
  readonly faults: FaultBook;
}

export interface Exchange extends Arrival {
  readonly body: Buffer;
  /** The decoded parts of the path that the route leaves open. */
  readonly captured: readonly string[];
  readonly account: Account;
  readonly apiVersion: string;
  /** Aborted when the client goes away or the emulator closes. */
  readonly signal: AbortSignal;
}

export interface Route extends RoutePath {
  handle(exchange: Exchange): Answer | Promise<Answer>;
}
