/** What the services on sessions ask for. */

import type { Reporter } from '../../core/reporter.ts';
import type { SessionApi } from '../../core/session/session-api.ts';

export interface SessionDeps {
  readonly api: SessionApi;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** The access key whose sessions `api` has, where that is not the caller's own. */
  readonly owner?: string | undefined;
  /** Nothing where nobody can be asked. Enter means no. */
  readonly ask?: ((question: string) => Promise<boolean>) | undefined;
}
