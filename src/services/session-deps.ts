/** What the services on sessions ask for. */

import type { Reporter } from '../core/reporter.ts';
import type { SessionApi } from '../core/session-api.ts';

export interface SessionDeps {
  readonly api: SessionApi;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}
